"""Whether a mover's task is active: changes that are not allowed then have to wait."""

from __future__ import annotations

from datetime import timedelta

from datamover_operator.movers.plan.observed import Observed
from datamover_operator.runs.plan.claims import is_starting

TASK_ACTIVE = frozenset({"RUNNING", "QUEUED"})
"""The statuses of a task with an active execution."""

ACTIVE_RUN_POLL = timedelta(seconds=15)
"""How often a task is checked while its execution is being waited for."""


def is_active(o: Observed) -> bool:
    """Whether the task has an active execution, no matter who started it, or a run is about to start one."""
    described = o.task.described if o.task is not None else None
    if described is not None:
        return described.get("status") in TASK_ACTIVE or is_starting(o)
    return o.mover.status.current_run is not None
