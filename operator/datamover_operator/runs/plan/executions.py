"""What a description of a task execution means for the run that stands for it.

Source: DescribeTaskExecution in the DataSync API reference. Statuses that are not known count as in progress.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import JsonValue

from datamover_crds import (
    Counters,
    DataMoverRunStatus,
    InvalidObject,
    JsonObject,
    Phase,
    Progress,
    RunResult,
    from_timestamp,
    parse,
    to_timestamp,
)

_PHASES: dict[str, Phase] = {
    "QUEUED": "Queued",
    "LAUNCHING": "Launching",
    "LAUNCHED": "Launching",
    "PREPARING": "Preparing",
    "TRANSFERRING": "Transferring",
    "VERIFYING": "Verifying",
    "CANCELLING": "Cancelling",
}
_ORDER: tuple[Phase, ...] = tuple(dict.fromkeys(_PHASES.values()))
_ENDED = frozenset({"SUCCESS", "ERROR"})
_WHOLE = 100
_MAX_REASON = 1024

M = TypeVar("M", Counters, RunResult)


def has_ended(described: JsonObject) -> bool:
    """Whether the execution is over."""
    return described.get("status") in _ENDED


def status_from(described: JsonObject, before: DataMoverRunStatus, now: datetime) -> DataMoverRunStatus:
    """The run's status after a look at its execution."""
    phase = _phase(described, before)
    result = _read(RunResult, described.get("result"))
    counters = _counters(described)
    ended = has_ended(described)
    started = described.get("startTime")
    return before.model_copy(
        update={
            "phase": phase,
            "reason": _reason(phase, result),
            "message": (result.error_detail or "") if phase == "Failed" else _message(phase),
            "execution_arn": str(described.get("taskExecutionArn") or before.execution_arn),
            "start_time": str(started) if started else before.start_time,
            "completion_time": _completion(result, described, before, now) if ended else None,
            "progress": _progress(phase, counters),
            "counters": counters,
            "result": result if described.get("result") else before.result,
        },
    )


def _phase(described: JsonObject, before: DataMoverRunStatus) -> Phase:
    """A phase never goes back: of two operators one may know an older description."""
    status = str(described.get("status", ""))
    if status == "SUCCESS":
        return "Succeeded"
    if status == "ERROR":
        return "Cancelled" if before.phase in {"Cancelling", "Cancelled"} else "Failed"
    stored = before.phase if before.phase in _ORDER else "Queued"
    return max(_PHASES.get(status, "Launching"), stored, key=_ORDER.index)


def _reason(phase: Phase, result: RunResult) -> str:
    return (result.error_code or "ExecutionFailed")[:_MAX_REASON] if phase == "Failed" else phase


def _message(phase: Phase) -> str:
    return "the execution was cancelled" if phase == "Cancelled" else ""


def _progress(phase: Phase, counters: Counters) -> Progress:
    total, done = counters.estimated_bytes_to_transfer, counters.bytes_written
    files_total, files_done = counters.estimated_files_to_transfer, counters.files_transferred
    return Progress(
        percent=_WHOLE if phase == "Succeeded" else _percent((done, total), (files_done, files_total)),
        bytes_done=done,
        bytes_total=total,
        files_done=files_done,
        files_total=files_total,
    )


def _percent(*parts: tuple[int | None, int | None]) -> int:
    """How much of the estimate is done: bytes tell, files where there are no bytes to move; below 100 until the end."""
    for done, total in parts:
        if total:
            return min(_WHOLE - 1, _WHOLE * (done or 0) // total)
    return 0


def _completion(result: RunResult, described: JsonObject, before: DataMoverRunStatus, now: datetime) -> str:
    """The end that DataSync tells; else launch, or start, and total duration give it; else it is when it was seen.

    An execution that was queued has been launched long after its start.
    """
    if before.completion_time is not None:
        return before.completion_time
    launched = described.get("launchTime") or described.get("startTime")
    try:
        if told := described.get("endTime"):
            return to_timestamp(from_timestamp(str(told)))
        if result.total_duration is not None and launched:
            return to_timestamp(from_timestamp(str(launched)) + timedelta(milliseconds=result.total_duration))
    except (OverflowError, ValueError):
        pass  # no time that there can be
    return to_timestamp(now)


def _counters(described: JsonObject) -> Counters:
    """The counters, those that DataSync has got since this was written included: every number is one."""
    known = {field.alias or name for name, field in Counters.model_fields.items()}
    numbers = {key for key, value in described.items() if isinstance(value, int) and not isinstance(value, bool)}
    return _read(Counters, {key: described[key] for key in described if key in known | numbers})


def _read(model: type[M], source: JsonValue) -> M:
    """The members that the model takes, without those whose values it refuses: a description is never our mistake."""
    is_open = model.model_config.get("extra") == "allow"
    known = {field.alias or name for name, field in model.model_fields.items()}
    members = {key: its for key, its in source.items() if is_open or key in known} if isinstance(source, dict) else {}
    try:
        return parse(model, members)
    except InvalidObject as refusal:
        refused = {problem.path.partition(".")[0] for problem in refusal.problems}
        return parse(model, {key: value for key, value in members.items() if key not in refused})
