"""Buckets in memory, behind the S3 port; listings are made as they are asked for, so that they may be long."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import Listed

PAGE = 1000


@dataclass
class Buckets:
    """Objects by bucket and key; `listing` stands in for those of buckets that it knows."""

    objects: dict[tuple[str, str], bytes] = field(default_factory=dict)
    listing: dict[str, Callable[[str], Sequence[Listed]]] = field(default_factory=dict)
    uploads: dict[str, dict[int, int]] = field(default_factory=dict)
    """The sizes of the parts of each upload."""
    fails_at_part: int = 0

    async def list_objects(self, bucket: str, prefix: str, after: str = "") -> tuple[Sequence[Listed], bool]:
        if bucket in self.listing:
            page = self.listing[bucket](after)
            return page, len(page) == PAGE
        keys = sorted(key for name, key in self.objects if name == bucket and key.startswith(prefix) and key > after)
        page = [Listed(key, len(self.objects[bucket, key]), "2025-01-15T12:00:00Z") for key in keys[:PAGE]]
        return page, len(keys) > PAGE

    async def read(self, bucket: str, key: str, start: int, length: int, version: str | None = None) -> bytes:
        if (bucket, key) not in self.objects:
            raise AwsError(Failure(FailureKind.NOT_FOUND, "GetObject", "NoSuchKey", key))
        return self.objects[bucket, key][start : start + length]

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        self.objects[bucket, key] = body

    async def begin_upload(self, bucket: str, key: str) -> str:
        upload = f"{bucket}/{key}"
        self.uploads[upload] = {}
        return upload

    async def put_part(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        if number == self.fails_at_part:
            raise AwsError(Failure(FailureKind.DENIED, "UploadPart", "AccessDenied", ""))
        self.uploads[upload][number] = len(body)
        return f"etag-{number}"

    async def complete_upload(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        assert list(etags) == [f"etag-{number}" for number in self.uploads[upload]]
        self.objects[bucket, key] = b""

    async def abort_upload(self, bucket: str, key: str, upload: str) -> None:
        del self.uploads[upload]

    async def delete(self, bucket: str, key: str) -> None:
        self.objects.pop((bucket, key), None)
