"""What a mover is about, in one word for the STATE column, and which of its runs was not started."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from datamover_crds import Condition, DataMover, DataMoverRun, DataMoverStatus, from_timestamp
from datamover_crds.contract import UNWANTED, is_true
from datamover_operator.controller.plan.conditions import Conditions, ConditionsBuilder
from datamover_operator.runs.plan.history import latest

RUNNING: Final = "Running"
START_REFUSED: Final = "StartRefused"
"""The condition of a mover of which a run could not be started, until another one has been."""


def state_of(mover: DataMover, status: DataMoverStatus) -> str:
    """The word that goes with a status."""
    if mover.metadata.deletion_timestamp is not None:
        return "Deleting"
    standing = next((each for each in status.conditions if each.type == "Ready"), None)
    if standing is not None and standing.status != "True":
        return standing.reason
    if standing is None:
        return "Pending"
    if status.current_run is not None:
        return RUNNING
    if mover.spec.suspend:
        return "Suspended"
    if is_true(status.conditions, START_REFUSED):
        return START_REFUSED
    last = status.last_run.phase if status.last_run is not None else None
    return f"LastRun{last}" if last in {"Failed", "Unknown"} else "Ready"


def with_refused_start(conditions: Conditions, builder: ConditionsBuilder, runs: Iterable[DataMoverRun]) -> Conditions:
    """The mover's conditions, with the one on the last start if that was refused."""
    others = tuple(each for each in conditions if each.type != START_REFUSED)
    run = refused_start(tuple(runs))
    if run is None or not others:
        return others
    message = f"run '{run.metadata.name}' was not started: {run.status.message or 'no cause is known'}"
    return (*others, builder.standing(START_REFUSED, run.status.reason or "Refused", message))


def refused_start(runs: tuple[DataMoverRun, ...]) -> DataMoverRun | None:
    """The last run that was refused, unless another one has been started since."""
    refused = {str(at): run for run in runs if (at := _refused_at(run)) is not None}
    started = latest(*(run.status.start_time for run in runs))
    last = latest(*refused)
    if last is None or (started is not None and _is_later(started, last)):
        return None
    return refused[last]


def _is_later(started: str, refused: str) -> bool:
    """A start's time has fractions of a second, a condition's has none: in one second, the refusal counts."""
    since = from_timestamp(started)
    return (since if "." in refused else since.replace(microsecond=0)) > from_timestamp(refused)


def _refused_at(run: DataMoverRun) -> str | None:
    """When the run's start was refused; None = it was not."""
    status = run.status
    if status.phase == "Rejected" and status.reason not in UNWANTED:
        return status.completion_time
    return next((each.last_transition_time for each in status.conditions if _is_stalled(run, each)), None)


def _is_stalled(run: DataMoverRun, condition: Condition) -> bool:
    return run.status.phase == "Pending" and condition.type == "Stalled" and condition.status == "True"
