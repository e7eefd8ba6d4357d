"""Makes a manifest of a selection: lists the source, and uploads the paths that are selected as it goes along."""

from __future__ import annotations

from contextlib import suppress
from typing import Final

from datamover_crds import RunSelection
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import S3
from datamover_operator.runs.bucket_objects import files_at
from datamover_operator.runs.plan.errands import Place, Select
from datamover_operator.runs.plan.filters import path_filter
from datamover_operator.runs.plan.manifest_lines import manifest_line
from datamover_operator.runs.plan.matching import matcher_of

_PART: Final = 8 * 1024 * 1024


async def select(s3: S3, errand: Select) -> RunSelection:
    """Write the manifest; where nothing is selected there is none. Raises AwsError, PatternError."""
    matches, can_be_moved = matcher_of(errand.selection), path_filter("", "")
    upload = Upload(s3, errand.bucket, errand.key)
    objects = size = listed = 0
    try:
        async for path, length, modified in files_at(s3, errand.source):
            listed += 1
            if matches(path, length, modified) and can_be_moved(path) and is_plain(path):
                objects, size = objects + 1, size + length
                await upload.write(manifest_line(path))
        await upload.close()
    except BaseException:
        await upload.abort()
        raise
    manifest = Place(errand.bucket).uri(errand.key)
    return RunSelection(objects=objects, bytes=size, listed=listed, manifest=manifest)


def is_plain(path: str) -> bool:
    """Whether DataSync can transfer the object: not where its key has an empty part, or one of dots."""
    return not {"", ".", ".."} & set(path.split("/"))


class Upload:
    """An object that is written bit by bit: at once where it is small, else in parts."""

    def __init__(self, s3: S3, bucket: str, key: str) -> None:
        """Nothing is sent before a part is full."""
        self._s3 = s3
        self._place = (bucket, key)
        self._buffer = bytearray()
        self._id: str | None = None
        self._etags: list[str] = []

    async def write(self, data: bytes) -> None:
        """Add to the end. Raises AwsError."""
        self._buffer += data
        if len(self._buffer) >= _PART:
            await self._send_part()

    async def close(self) -> None:
        """Make it an object, unless nothing was written. Raises AwsError."""
        if self._id is None:
            if self._buffer:
                await self._s3.put(*self._place, bytes(self._buffer))
            return
        if self._buffer:
            await self._send_part()
        await self._s3.complete_upload(*self._place, self._id, self._etags)

    async def abort(self) -> None:
        """Leave no parts behind, as far as AWS allows."""
        if self._id is not None:
            with suppress(AwsError):
                await self._s3.abort_upload(*self._place, self._id)

    async def _send_part(self) -> None:
        if self._id is None:
            self._id = await self._s3.begin_upload(*self._place)
        number = len(self._etags) + 1
        self._etags.append(await self._s3.put_part(*self._place, self._id, number, bytes(self._buffer)))
        self._buffer.clear()
