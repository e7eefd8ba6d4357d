"""What is new in a run's status, and whom it concerns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from datamover_crds import DataMoverRun, DataMoverRunStatus, DataMoverStatus, RunRef
from datamover_crds.contract import (
    EXTERNAL_ORIGIN,
    FINAL_PHASES,
    INTERVAL_ORIGIN,
    ORIGIN_LABEL,
    REST_ORIGIN,
    RETRY_ORIGIN,
    TRIGGER_ORIGIN,
    UNWANTED,
    USER_ORIGIN,
)
from datamover_operator.controller.plan.notes import Note
from datamover_operator.runs.plan.limits import OVERDUE

_BAD_ENDS = frozenset({"Failed", "Rejected", "Unknown"})
_STARTERS: Final[Mapping[str, str]] = {
    TRIGGER_ORIGIN: "by its trigger token",
    "schedule": "by its schedule",
    REST_ORIGIN: "by a client of the REST service",
    USER_ORIGIN: "by a user's DataMoverRun",
    INTERVAL_ORIGIN: "by the mover's interval",
    RETRY_ORIGIN: "to repeat one that failed",
    EXTERNAL_ORIGIN: "outside of the cluster, such as in the AWS console",
}


def notes_of(before: DataMoverRunStatus, after: DataMoverRunStatus) -> tuple[Note, ...]:
    """An Event for each new phase, and for what somebody has to change."""
    hindrance, overdue = _told(after, "Stalled"), _told(after, OVERDUE)
    late = (Note(OVERDUE, overdue, warning=True),) if overdue and overdue != _told(before, OVERDUE) else ()
    return (*_phase_notes(before, after, hindrance), *late)


def _phase_notes(before: DataMoverRunStatus, after: DataMoverRunStatus, hindrance: str) -> tuple[Note, ...]:
    if after.phase is not None and after.phase != before.phase:
        is_bad = after.phase in _BAD_ENDS or (hindrance != "" and after.phase not in FINAL_PHASES)
        return (Note(after.phase, after.message or _unexplained(after), warning=is_bad),)
    if hindrance and hindrance != _told(before, "Stalled"):
        return (Note(after.reason or "Stalled", hindrance, warning=True),)
    return ()


def _unexplained(status: DataMoverRunStatus) -> str:
    """What there is to say of a phase without a message."""
    if status.reason in {None, status.phase} and status.execution_arn is not None:
        return f"execution {status.execution_arn.rpartition('/')[2]}"
    return f"reason: {status.reason or 'none was given'}"


def mover_notes(run: DataMoverRun, before: DataMoverRunStatus, after: DataMoverRunStatus) -> tuple[Note, ...]:
    """The Events on the run's mover: it has started, and how it has ended."""
    name, notes = run.metadata.name, []
    if has_new_execution(before, after):
        origin = run.metadata.labels.get(ORIGIN_LABEL, USER_ORIGIN)
        notes.append(Note("RunStarted", f"'{name}', {_STARTERS.get(origin, f'by {origin}')}"))
    if has_just_ended(before, after):
        said = after.message or after.reason or "no cause was given"
        notes.append(Note(f"Run{after.phase}", f"'{name}': {said}", warning=after.phase in _BAD_ENDS))
    if is_refused(after) and not is_refused(before) and after.phase not in FINAL_PHASES:
        notes.append(Note("StartRefused", f"run '{name}': {after.message or after.reason}", warning=True))
    return tuple(notes)


def is_refused(status: DataMoverRunStatus) -> bool:
    """Whether the run's start was refused, for good or until somebody changes something."""
    return status.phase == "Rejected" or (status.phase == "Pending" and bool(_told(status, "Stalled")))


def new_refusal(before: DataMoverRunStatus, after: DataMoverRunStatus) -> str | None:
    """The reason for which the run's start has just been refused; None: it has not, or nobody wants it any more."""
    if not is_refused(after) or is_refused(before) or after.reason in UNWANTED:
        return None
    return after.reason or "Refused"


def has_new_execution(before: DataMoverRunStatus, after: DataMoverRunStatus) -> bool:
    """Whether the mover's task runs now, or another execution of it does."""
    return after.execution_arn != before.execution_arn


def has_just_ended(before: DataMoverRunStatus, after: DataMoverRunStatus) -> bool:
    """Whether this is the run's end."""
    return after.phase in FINAL_PHASES and before.phase not in FINAL_PHASES


def with_percent(mover: DataMoverStatus, run: DataMoverRun) -> DataMoverStatus:
    """The mover's status, with how far the run has got that has its task."""
    current, progress = mover.current_run, run.status.progress
    if current is None or progress is None or current.uid != run.metadata.uid or run.status.phase in FINAL_PHASES:
        return mover
    told: RunRef = current.model_copy(update={"percent": progress.percent})
    return mover.model_copy(update={"current_run": told})


def _told(status: DataMoverRunStatus, kind: str) -> str:
    return next((each.message for each in status.conditions if each.type == kind and each.status == "True"), "")
