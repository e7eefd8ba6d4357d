"""What a mover's task does at this moment: the last description of it, and what is known of its runs since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from datamover_crds import DataMover, DataMoverRun
from datamover_crds.contract import FINAL_PHASES

AVAILABLE: Final = "AVAILABLE"
RUNNING: Final = "RUNNING"
QUEUED: Final = "QUEUED"
_BUSY: Final = frozenset({RUNNING, QUEUED})


@dataclass(frozen=True, slots=True)
class History:
    """A mover's runs that AWS has started, by their executions' ids, the oldest first; those that have not ended."""

    started: dict[str, DataMoverRun]
    under_way: list[DataMoverRun]

    @classmethod
    def of(cls, runs: Iterable[DataMoverRun]) -> Self:
        """The history that all of a mover's runs make."""
        known = [run for run in runs if run.status.execution_arn is not None]
        known.sort(key=lambda run: run.status.start_time or run.metadata.creation_timestamp or "")
        under_way = [run for run in known if run.status.phase not in FINAL_PHASES]
        return cls({execution_id(run.status.execution_arn): run for run in known}, under_way)


@dataclass(frozen=True, slots=True)
class TaskState:
    """The task's status, in DataSync's words, the ARN of its most recent execution, and the run that is active."""

    status: str
    execution_arn: str | None
    active: DataMoverRun | None


def task_state(mover: DataMover, history: History) -> TaskState:
    """The state of a mover's task. A run is described every few seconds, its task only when the run has ended."""
    observed = mover.status.observed
    described = (observed.task if observed is not None else None) or {}
    status, last = str(described.get("status")), described.get("currentTaskExecutionArn")
    active = next((run for run in history.under_way if run.status.phase != "Queued"), None)
    if active is not None:
        return TaskState(RUNNING, active.status.execution_arn, active)
    if history.under_way:
        return TaskState(QUEUED, history.under_way[0].status.execution_arn, None)
    newest = next((run.status.execution_arn for run in reversed(history.started.values())), None)
    if last is None:
        return TaskState(status, newest, None)
    if execution_id(str(last)) in history.started:
        # What was described then has ended since: every execution under way has a run that is.
        return TaskState(AVAILABLE if status in _BUSY else status, newest, None)
    return TaskState(status, str(last), None)


def execution_id(arn: str | None) -> str:
    """The last part of an execution's ARN; empty where there is none yet."""
    return (arn or "").rsplit("/", 1)[-1]
