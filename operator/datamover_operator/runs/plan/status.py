"""What a run's status says: its phase with a reason and a message, and the conditions that follow from them."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import DataMoverRunStatus, Phase, to_timestamp
from datamover_crds.contract import FINAL_PHASES, RunReason
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.controller.plan.conditions import ConditionsBuilder
from datamover_operator.runs.plan.limits import exceeded, overdue_condition
from datamover_operator.runs.plan.observed import ObservedRun

_MAX_REASON = 1024


def told(o: ObservedRun, phase: Phase, reason: str, message: str, now: datetime) -> DataMoverRunStatus:
    """The status in a phase, of the mover that the run belongs to from now on."""
    news = {"phase": phase, "reason": reason[:_MAX_REASON], "message": message}
    uid = {"mover_uid": o.identity.uid} if o.identity is not None and o.run.status.mover_uid is None else {}
    return judged(o, o.run.status.model_copy(update=news | uid), now)


def ended(o: ObservedRun, phase: Phase, reason: str, message: str, now: datetime) -> DataMoverRunStatus:
    """The status of a run whose end its execution does not tell."""
    return told(o, phase, reason, message, now).model_copy(update={"completion_time": to_timestamp(now)})


def judged(o: ObservedRun, status: DataMoverRunStatus, now: datetime) -> DataMoverRunStatus:
    """Conditions as kstatus reads them: a run is Ready when it has succeeded, Stalled when it can't any more.

    One that has ended is Complete or Failed, too, as a Job is: `kubectl wait` and other tools wait for these.
    """
    builder, message = _conditions(o, now), status.message or ""
    if status.phase == "Succeeded":
        conditions = (*builder.ready(message), builder.standing("Complete", "Succeeded", message))
    elif status.phase in FINAL_PHASES:
        reason = status.reason or "Ended"
        conditions = (*builder.stalled(reason, message), builder.standing("Failed", reason, message))
    else:
        conditions = builder.progressing(status.reason or "Running", message)
    limit = exceeded(o.mover, status, now) if o.mover is not None else None
    if limit is not None:
        conditions += (overdue_condition(o.run.status, limit, o.run.metadata.generation, now),)
    return status.model_copy(update={"conditions": conditions, "observed_generation": o.run.metadata.generation})


def with_failure(o: ObservedRun, status: DataMoverRunStatus, failure: Failure, now: datetime) -> DataMoverRunStatus:
    """Tell why AWS did not do what is asked for: Stalled, where somebody has to change something first (I5)."""
    reason = RunReason.ACCESS_DENIED if failure.kind is FailureKind.DENIED else failure.kind.value
    message = words_of(failure)
    builder = _conditions(o, now)
    tell = builder.stalled if failure.kind.lasts else builder.progressing
    return judged(o, status, now).model_copy(
        update={"reason": reason, "message": message, "conditions": tell(reason, message)}
    )


def stalled(o: ObservedRun, status: DataMoverRunStatus, reason: str, message: str, now: datetime) -> DataMoverRunStatus:
    """Tell what somebody has to change first, though the run has not ended."""
    conditions = _conditions(o, now).stalled(reason, message)
    return judged(o, status, now).model_copy(update={"reason": reason, "message": message, "conditions": conditions})


def words_of(failure: Failure) -> str:
    """AWS's own words, and the call they answer."""
    return f"{failure.operation}: {failure.code}: {failure.message}"


def _conditions(o: ObservedRun, now: datetime) -> ConditionsBuilder:
    return ConditionsBuilder(o.run.status.conditions, o.run.metadata.generation, now)
