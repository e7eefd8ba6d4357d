"""The objects of a bucket, page by page: never more than one page in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from datamover_operator.aws.ports import S3
from datamover_operator.runs.plan.errands import Place

_PIECE: Final = 4 * 1024 * 1024


async def files_at(s3: S3, place: Place) -> AsyncIterator[tuple[str, int, str]]:
    """The path below the place, size, and last modification of each object, in UTF-8's order; folders are left out.

    Raises AwsError.
    """
    after, has_more = "", True
    while has_more:
        page, has_more = await s3.list_objects(place.bucket, place.prefix, after)
        for each in page:
            path = each.key[len(place.prefix) :]
            if path and not path.endswith("/"):
                yield path, each.size, each.modified
        has_more = has_more and bool(page)
        after = page[-1].key if page else after


async def pieces_of(s3: S3, bucket: str, key: str, version: str | None = None) -> AsyncIterator[bytes]:
    """An object's content, some MiB at a time. Raises AwsError."""
    start = 0
    while piece := await s3.read(bucket, key, start, _PIECE, version):
        yield piece
        start += len(piece)
        if len(piece) < _PIECE:
            return
