"""What a mover's task does at this moment: the last description of it, and what is known of its runs since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from datamover_api.actions.runs import FINAL_PHASES
from datamover_crds import DataMover, DataMoverRun

AVAILABLE: Final = "AVAILABLE"
RUNNING: Final = "RUNNING"
QUEUED: Final = "QUEUED"
_BUSY: Final = frozenset({RUNNING, QUEUED})


@dataclass(frozen=True, slots=True)
class TaskState:
    """The task's status, in DataSync's words, the ARN of its most recent execution, and the run that is active."""

    status: str
    execution_arn: str | None
    active: DataMoverRun | None


def task_state(mover: DataMover, runs: Iterable[DataMoverRun]) -> TaskState:
    """The state of a mover's task. A run is described every few seconds, its task only when the run has ended."""
    observed = mover.status.observed
    described = (observed.task if observed is not None else None) or {}
    status, last = str(described.get("status")), described.get("currentTaskExecutionArn")
    started = {run.status.execution_arn: run for run in runs if run.status.execution_arn is not None}
    under_way = [run for run in started.values() if run.status.phase not in FINAL_PHASES]
    active = next((run for run in under_way if run.status.phase != "Queued"), None)
    if active is not None:
        return TaskState(RUNNING, active.status.execution_arn, active)
    if under_way:
        return TaskState(QUEUED, under_way[0].status.execution_arn, None)
    if last in started:
        # What was described then has ended since: every execution under way has a run that is.
        newest = max(started.values(), key=lambda run: run.status.start_time or "")
        return TaskState(AVAILABLE if status in _BUSY else status, newest.status.execution_arn, None)
    return TaskState(status, str(last) if last is not None else next(iter(started), None), None)
