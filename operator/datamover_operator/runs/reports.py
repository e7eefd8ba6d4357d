"""Reads a task report back: the summary, and the first files that failed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final

from datamover_crds import FailedFile, RunReport, read_json
from datamover_operator.aws.ports import S3
from datamover_operator.runs.bucket_objects import pieces_of
from datamover_operator.runs.plan.errands import Place, ReadReport
from datamover_operator.runs.plan.report_items import failure_in, items_of, reported_files

_MOST_FAILURES: Final = 20
_MOST_SEEN: Final = 50_000
_MOST_PARTS: Final = 50
_LARGEST_PART: Final = 16 * 1024 * 1024
_LOOKS: Final = 10
_PAUSE: Final = 15.0
"""Seconds between two looks for a report that DataSync is still writing."""


@dataclass(slots=True)
class _Failures:
    """What the lists of files tell."""

    first: list[FailedFile] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    count: int = 0
    lists: int = 0
    left_out: str = ""

    def note(self, failed: FailedFile | None) -> None:
        """Take a failure in: a file that could not be transferred fails to be verified, too, and counts once."""
        if failed is None or hash(failed.path) in self.seen:
            return
        if len(self.seen) < _MOST_SEEN:
            self.seen.add(hash(failed.path))
        self.count += 1
        if len(self.first) < _MOST_FAILURES:
            self.first.append(failed)


async def read_report(s3: S3, errand: ReadReport) -> RunReport:
    """The report of an execution; where there is none, even after minutes, the message says so. Raises AwsError."""
    folder = f"{errand.task_id}/{errand.execution_id}/"
    summaries = Place(errand.destination.bucket, f"{errand.destination.prefix}Summary-Reports/{folder}")
    for look in range(_LOOKS):
        page, _ = await s3.list_objects(summaries.bucket, summaries.prefix)
        if page:
            break
        if look < _LOOKS - 1:
            await asyncio.sleep(_PAUSE)
    else:
        return RunReport(message=f"DataSync has written no report to {summaries.uri()}")
    key, uri = page[0].key, f"s3://{summaries.bucket}/{page[0].key}"
    content = await _whole(s3, summaries.bucket, key)
    try:
        summary = read_json(content or b"")
    except ValueError:
        return RunReport(uri=uri[:2048], message="the summary is not valid JSON")
    found = await _failures(s3, Place(summaries.bucket, f"{errand.destination.prefix}Detailed-Reports/{folder}"))
    files = reported_files(summary if isinstance(summary, dict) else {}, found.count if found.lists else None)
    return RunReport(uri=uri[:2048], files=files, failures=tuple(found.first), message=found.left_out or None)


async def _failures(s3: S3, details: Place) -> _Failures:
    """The failures in the lists of files: one list is in memory at a time, one item decoded."""
    found = _Failures()
    page, has_more = await s3.list_objects(details.bucket, details.prefix)
    for each in page[:_MOST_PARTS]:
        content = await _whole(s3, details.bucket, each.key)
        found.lists += 1
        try:
            for item in items_of((content or b"").decode()):
                found.note(failure_in(item))
        except ValueError:
            found.left_out = f"s3://{details.bucket}/{each.key} could not be read"
        await asyncio.sleep(0)  # others have their turn between two lists
    if has_more or len(page) > _MOST_PARTS:
        found.left_out = f"only the first {_MOST_PARTS} lists of files in {details.uri()} were read"
    return found


async def _whole(s3: S3, bucket: str, key: str) -> bytes | None:
    """An object's content; None where it is too large to be a part of a report."""
    content = bytearray()
    async for piece in pieces_of(s3, bucket, key):
        content += piece
        if len(content) > _LARGEST_PART:
            return None
    return bytes(content)
