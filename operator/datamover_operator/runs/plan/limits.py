"""The mover's time limits for its runs (spec.timeouts): which one a run exceeds, and when it will exceed the next."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from datamover_crds import Condition, DataMover, DataMoverRunStatus, from_duration, from_timestamp
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.controller.plan.conditions import timestamp

OVERDUE = "Overdue"
"""The condition of a run that exceeds a limit."""
_WAITING = frozenset({"Pending", "Queued"})


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit and the moment from which on the run exceeds it; `reason` and `message` say so."""

    ends: datetime
    reason: str
    message: str


def exceeded(mover: DataMover, status: DataMoverRunStatus, now: datetime) -> Limit | None:
    """The first limit that an active run exceeds."""
    return min((each for each in _limits(mover, status) if each.ends <= now), key=_end, default=None)


def next_limit(mover: DataMover, status: DataMoverRunStatus, now: datetime) -> datetime | None:
    """When an active run will exceed one more limit, if nothing happens until then."""
    return min((each.ends for each in _limits(mover, status) if each.ends > now), default=None)


def with_progress_time(before: DataMoverRunStatus, status: DataMoverRunStatus, now: datetime) -> DataMoverRunStatus:
    """The status with the time at which phase or counters last changed."""
    is_news = (before.phase, before.counters) != (status.phase, status.counters)
    return status.model_copy(update={"last_progress_time": timestamp(now)}) if is_news else status


def _limits(mover: DataMover, status: DataMoverRunStatus) -> Iterator[Limit]:
    limits = mover.spec.timeouts
    if limits is None or status.phase in FINAL_PHASES or status.start_time is None:
        return
    start = from_timestamp(status.start_time)
    last = max(start, from_timestamp(status.last_progress_time)) if status.last_progress_time is not None else start
    if limits.total is not None:
        told = f"the execution has not ended within {limits.total} (spec.timeouts.total of the mover)"
        yield Limit(start + from_duration(limits.total), "TotalTimeout", told)
    if limits.launching is not None and status.phase == "Launching":
        told = f"the execution was not launched within {limits.launching} (spec.timeouts.launching of the mover)"
        yield Limit(last + from_duration(limits.launching), "LaunchingTimeout", told)
    if limits.no_progress is not None and status.phase not in {*_WAITING, "Launching", "Cancelling"}:
        told = (
            f"neither phase nor counters of the execution have changed for {limits.no_progress} "
            "(spec.timeouts.noProgress of the mover)"
        )
        yield Limit(last + from_duration(limits.no_progress), "NoProgress", told)


def _end(limit: Limit) -> datetime:
    return limit.ends


def overdue_condition(before: DataMoverRunStatus, limit: Limit, generation: int, now: datetime) -> Condition:
    """The condition that says which limit the run exceeds."""
    old = next((each for each in before.conditions if each.type == OVERDUE and each.status == "True"), None)
    return Condition(
        type=OVERDUE,
        status="True",
        observed_generation=generation,
        last_transition_time=old.last_transition_time if old is not None else timestamp(now),
        reason=limit.reason,
        message=limit.message,
    )
