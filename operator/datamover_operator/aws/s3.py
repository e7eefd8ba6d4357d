"""Objects in S3: https://docs.aws.amazon.com/AmazonS3/latest/API/API_Operations_Amazon_Simple_Storage_Service.html.

Bodies are read and written in pieces of some MiB, each by a call of its own, so that none takes long or much memory.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Listed
from datamover_operator.aws.replies import items_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from datamover_operator.aws.calls import Channel, Reply

_BEYOND_THE_END: Final = "InvalidRange"


class BotoS3:
    """The `S3` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def list_objects(self, bucket: str, prefix: str, after: str = "") -> tuple[Sequence[Listed], bool]:
        """Return a page of ListObjectsV2."""
        start = {"StartAfter": after} if after else {}
        reply = await self._call("ListObjectsV2", Bucket=bucket, Prefix=prefix, **start)
        return [_listed(item) for item in items_of(reply, "Contents")], reply.get("IsTruncated") is True

    async def read(self, bucket: str, key: str, start: int, length: int, version: str | None = None) -> bytes:
        """Return what GetObject gives of a range."""
        of_version = {"VersionId": version} if version is not None else {}
        span = f"bytes={start}-{start + length - 1}"
        try:
            reply = await self._call("GetObject", Bucket=bucket, Key=key, Range=span, **of_version)
        except AwsError as error:
            if error.failure.code == _BEYOND_THE_END:
                return b""
            raise
        body = reply.get("Body")
        return body if isinstance(body, bytes) else b""

    async def put(self, bucket: str, key: str, body: bytes) -> None:
        """Send PutObject."""
        await self._call("PutObject", Bucket=bucket, Key=key, Body=body)

    async def begin_upload(self, bucket: str, key: str) -> str:
        """Send CreateMultipartUpload."""
        reply = await self._call("CreateMultipartUpload", Bucket=bucket, Key=key)
        return text_of(reply, "UploadId", "CreateMultipartUpload")

    async def put_part(self, bucket: str, key: str, upload: str, number: int, body: bytes) -> str:
        """Send UploadPart."""
        reply = await self._call("UploadPart", Bucket=bucket, Key=key, UploadId=upload, PartNumber=number, Body=body)
        return text_of(reply, "ETag", "UploadPart")

    async def complete_upload(self, bucket: str, key: str, upload: str, etags: Sequence[str]) -> None:
        """Send CompleteMultipartUpload."""
        parts = [{"PartNumber": number, "ETag": etag} for number, etag in enumerate(etags, 1)]
        await self._call(
            "CompleteMultipartUpload", Bucket=bucket, Key=key, UploadId=upload, MultipartUpload={"Parts": parts}
        )

    async def abort_upload(self, bucket: str, key: str, upload: str) -> None:
        """Send AbortMultipartUpload."""
        await self._call("AbortMultipartUpload", Bucket=bucket, Key=key, UploadId=upload)

    async def delete(self, bucket: str, key: str) -> None:
        """Send DeleteObject."""
        await self._call("DeleteObject", Bucket=bucket, Key=key)

    async def _call(self, operation: str, **request: object) -> Reply:
        return await self._channel.call("s3", operation, request)


def _listed(item: Mapping[str, object]) -> Listed:
    modified, size = item.get("LastModified"), item.get("Size")
    moment = modified.astimezone(UTC) if isinstance(modified, datetime) else datetime.fromtimestamp(0, UTC)
    return Listed(str(item.get("Key", "")), size if isinstance(size, int) else 0, f"{moment:%Y-%m-%dT%H:%M:%SZ}")
