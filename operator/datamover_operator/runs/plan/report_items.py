"""What a task report says: DataSync's summary, and its lists of files.

Source: "Monitoring your data transfers with task reports" in the DataSync user guide.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from pydantic import JsonValue

from datamover_crds import FailedFile, JsonObject, ReportedFiles
from datamover_crds.common import INT64_MAX

_DECODER = json.JSONDecoder()


def reported_files(summary: JsonObject, listed_failures: int | None) -> ReportedFiles:
    """The counts of a summary. What failed is counted there in Enhanced mode alone; else it is what the lists tell."""
    result = summary.get("Result")
    counts = result if isinstance(result, dict) else {}
    failed = counts.get("FilesFailed")
    stages = [_count(each) for each in failed.values()] if isinstance(failed, dict) else []
    return ReportedFiles(
        transferred=_count(counts.get("FilesTransferred")),
        skipped=_count(counts.get("FilesSkipped")),
        deleted=_count(counts.get("FilesDeleted")),
        failed=sum(each or 0 for each in stages) if stages else listed_failures,
    )


def items_of(text: str) -> Iterator[JsonObject]:
    """The items of one list of files, one after the other: the whole of them would take much memory.

    Raises:
        ValueError: the text is no such list.
    """
    start = text.find("[")
    position = start + 1
    while start >= 0:
        while position < len(text) and text[position] in " \t\r\n,":
            position += 1
        if position >= len(text) or text[position] == "]":
            return
        item, position = _DECODER.raw_decode(text, position)
        if isinstance(item, dict):
            yield item


def failure_in(item: JsonObject) -> FailedFile | None:
    """The failure that an item tells of."""
    if not any(name.endswith("Status") and value == "FAILED" for name, value in item.items()):
        return None
    return FailedFile(
        path=_text(item.get("RelativePath"), 4096).removeprefix("/"),
        code=_text(item.get("FailureCode", item.get("ErrorCode")), 256),
        detail=_text(item.get("FailureReason", item.get("ErrorDetail")), 1024),
    )


def _text(value: JsonValue, longest: int) -> str:
    return "" if value is None else str(value)[:longest]


def _count(value: JsonValue) -> int | None:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= INT64_MAX
    return value if isinstance(value, int) and is_count else None
