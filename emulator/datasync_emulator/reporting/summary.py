"""The summary of a run, the first file of every task report. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from datasync_emulator.catalogue.records import Location
from datasync_emulator.executions.record import Execution
from datasync_emulator.messages import JsonObject


def summary(execution: Execution) -> JsonObject:
    """Give the summary of an execution that has ended."""
    ended = execution.ended
    assert ended is not None  # noqa: S101 - it has ended
    began = execution.caller.now
    shown = execution.describe(ended)
    result = {name: value for name, value in shown["Result"].items() if name != "TotalDuration"}
    return {
        "AccountId": execution.caller.account,
        "TaskExecutionId": execution.id,
        "TaskMode": execution.task.mode,
        "SourceLocation": _location(execution.source),
        "DestinationLocation": _location(execution.destination),
        "StartTime": _iso(began),
        "EndTime": _iso(ended),
        "TotalTime": (ended - began) // timedelta(milliseconds=1),
        "OverallStatus": execution.status,
        "Result": execution.progress.describe(execution.task.mode) | result,
        "Options": execution.options,
        "Filters": {"Includes": list(execution.includes), "Excludes": list(execution.excludes)},
        "TaskReportConfig": execution.report,
    } | ({"ManifestConfig": execution.manifest} if execution.manifest else {})


def _location(location: Location) -> JsonObject:
    return {
        "LocationType": location.spec.title,
        "LocationId": location.id,
        "CreationTime": _iso(location.created),
    }


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
