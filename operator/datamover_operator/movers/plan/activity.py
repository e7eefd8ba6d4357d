"""Whether a mover's task is at work: what may not be changed then waits."""

from __future__ import annotations

from datetime import timedelta

from datamover_operator.movers.plan.observed import Observed
from datamover_operator.runs.plan.claims import is_starting

TASK_ACTIVE = frozenset({"RUNNING", "QUEUED"})
"""The statuses of a task of which an execution is under way."""

ACTIVE_RUN_POLL = timedelta(seconds=15)
"""How often a task is looked at whose execution is waited for."""


def is_active(o: Observed) -> bool:
    """Whether an execution of the task is under way, started by whomever, or a run is about to start one."""
    described = o.task.described if o.task is not None else None
    if described is not None:
        return described.get("status") in TASK_ACTIVE or is_starting(o)
    return o.mover.status.current_run is not None
