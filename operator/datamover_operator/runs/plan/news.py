"""What is new in a run's status, and whom it concerns."""

from __future__ import annotations

from datamover_crds import DataMoverRunStatus
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.controller.plan.notes import Note
from datamover_operator.runs.plan.limits import OVERDUE

_BAD_ENDS = frozenset({"Failed", "Rejected", "Unknown"})


def notes_of(before: DataMoverRunStatus, after: DataMoverRunStatus) -> tuple[Note, ...]:
    """An Event for each new phase, and for what somebody has to change."""
    hindrance, overdue = _told(after, "Stalled"), _told(after, OVERDUE)
    late = (Note(OVERDUE, overdue, warning=True),) if overdue and overdue != _told(before, OVERDUE) else ()
    return (*_phase_notes(before, after, hindrance), *late)


def _phase_notes(before: DataMoverRunStatus, after: DataMoverRunStatus, hindrance: str) -> tuple[Note, ...]:
    if after.phase is not None and after.phase != before.phase:
        is_bad = after.phase in _BAD_ENDS or (hindrance != "" and after.phase not in FINAL_PHASES)
        return (Note(after.phase, after.message or after.phase, warning=is_bad),)
    if hindrance and hindrance != _told(before, "Stalled"):
        return (Note(after.reason or "Stalled", hindrance, warning=True),)
    return ()


def has_new_execution(before: DataMoverRunStatus, after: DataMoverRunStatus) -> bool:
    """Whether the mover's task runs now, or another execution of it does."""
    return after.execution_arn != before.execution_arn


def has_just_ended(before: DataMoverRunStatus, after: DataMoverRunStatus) -> bool:
    """Whether this is the run's end."""
    return after.phase in FINAL_PHASES and before.phase not in FINAL_PHASES


def _told(status: DataMoverRunStatus, kind: str) -> str:
    return next((each.message for each in status.conditions if each.type == kind and each.status == "True"), "")
