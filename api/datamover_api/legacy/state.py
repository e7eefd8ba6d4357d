"""What a mover's task is doing now: its last description, and what is known about its runs since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Self

from datamover_api.mirror.keys import execution_id
from datamover_api.mirror.place import StoredRun
from datamover_crds import DataMover, DataMoverRun
from datamover_crds.contract import FINAL_PHASES

AVAILABLE: Final = "AVAILABLE"
RUNNING: Final = "RUNNING"
QUEUED: Final = "QUEUED"
_BUSY: Final = frozenset({RUNNING, QUEUED})


@dataclass(frozen=True, slots=True)
class History:
    """A mover's runs that AWS has started, by their executions' ids, the oldest first; those that have not ended."""

    started: dict[str, StoredRun]
    under_way: list[StoredRun]

    @classmethod
    def of(cls, runs: Iterable[StoredRun]) -> Self:
        """The history that all of a mover's runs make."""
        known = sorted((run for run in runs if run.digest.execution), key=lambda run: run.digest.started)
        under_way = [run for run in known if run.digest.phase not in FINAL_PHASES]
        return cls({run.digest.execution: run for run in known}, under_way)

    @property
    def newest(self) -> str | None:
        """The ARN of the execution that was started last."""
        return next((_execution(run) for run in reversed(self.started.values())), None)


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
    active = next((run for run in history.under_way if run.digest.phase != "Queued"), None)
    if active is not None:
        return TaskState(RUNNING, _execution(active), active.model)
    if history.under_way:
        return TaskState(QUEUED, _execution(history.under_way[0]), None)
    if last is None:
        return TaskState(status, history.newest, None)
    if execution_id(last) in history.started:
        # What was described then has ended since: every execution under way has a run that is.
        return TaskState(AVAILABLE if status in _BUSY else status, history.newest, None)
    return TaskState(status, str(last), None)


def _execution(run: StoredRun) -> str | None:
    return run.model.status.execution_arn
