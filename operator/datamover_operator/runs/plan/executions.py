"""What a description of a task execution means for the run that stands for it.

Source: DescribeTaskExecution in the DataSync API reference. Statuses that are not known count as in progress.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import JsonValue

from datamover_crds import (
    Counters,
    DataMoverRunStatus,
    InvalidObject,
    JsonObject,
    Phase,
    PhaseTimes,
    RunResult,
    from_timestamp,
    parse,
    to_timestamp,
)
from datamover_operator.runs.plan.progress import Sample, message_of, progress_of

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
_MAX_REASON = 1024
_NO_CAUSE = (
    "DataSync reports ERROR without a cause: that is how an execution ends that was cancelled outside this cluster, in "
    "the AWS console for example"
)

M = TypeVar("M", Counters, RunResult)


def has_ended(described: JsonObject) -> bool:
    """Whether the execution is over."""
    return described.get("status") in _ENDED


def status_from(
    described: JsonObject, before: DataMoverRunStatus, now: datetime, samples: Sequence[Sample] = ()
) -> DataMoverRunStatus:
    """The run's status after a look at its execution, of which `samples` are what the last looks showed."""
    phase = _phase(described, before)
    result = _read(RunResult, described.get("result"))
    counters = _counters(described)
    ended = has_ended(described)
    start = str(described.get("startTime") or before.start_time or "") or None
    completion = _completion(result, described, before, now) if ended else None
    progress = progress_of(phase, counters, samples)
    return before.model_copy(
        update={
            "phase": phase,
            "reason": _reason(phase, result),
            "message": _why_failed(result) if phase == "Failed" else message_of(phase, progress, start, completion),
            "execution_arn": str(described.get("taskExecutionArn") or before.execution_arn),
            "start_time": start,
            "completion_time": completion,
            "phase_times": _phase_times(before.phase_times or PhaseTimes(), phase, now),
            "progress": progress,
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


def _why_failed(result: RunResult) -> str:
    """DataSync's words. It has none for an execution that others cancelled and that ended before we looked again."""
    return result.error_detail or ("" if result.error_code else _NO_CAUSE)


def _phase_times(known: PhaseTimes, phase: Phase, now: datetime) -> PhaseTimes:
    member = phase.lower()
    is_new = member in PhaseTimes.model_fields and getattr(known, member) is None
    return known.model_copy(update={member: to_timestamp(now)}) if is_new else known


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
