"""Keeps a task from starting on its own by disabling its schedule.

This comes before anything that may fail, for a suspended mover and for one that is not granted what it declares.
"""

from __future__ import annotations

from datamover_crds import JsonObject
from datamover_crds.contract import UID_TAG
from datamover_operator.movers.plan.desired import SCHEDULE_STATUS
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.preconditions import NOT_GRANTED
from datamover_operator.movers.plan.steps import UpdateTask

STOPPED_AFTER_RUN = "the schedule will be disabled when the active run ends; DataSync does not allow it before"


def is_withheld(o: Observed) -> bool:
    """Whether the task must not start anything, although the mover can't be carried out as declared."""
    if o.unmet is None or o.problem or o.adopting or o.is_being_deleted:
        return False
    return o.mover.spec.suspend or o.unmet.reason == NOT_GRANTED


def stopping_step(o: Observed) -> UpdateTask | None:
    """How to disable the schedule of the mover's task; None if it starts nothing, or is not known to be ours."""
    task = o.task
    if task is None or task.described is None or task.described.get("status") == "CREATING":
        return None
    is_ours = o.mover.status.task_arn == task.arn and (task.tags is None or task.tags.get(UID_TAG) == o.uid)
    schedule = disabled(task.described) if is_ours else None
    return UpdateTask(task.arn, {"schedule": schedule}, path="spec.suspend") if schedule is not None else None


def disabled(task: JsonObject) -> JsonObject | None:
    """The disabled form of a task's schedule; None if the task starts nothing on its own anyway."""
    schedule = task.get("schedule")
    if not isinstance(schedule, dict) or not schedule.get("scheduleExpression") or schedule.get("status") == "DISABLED":
        return None
    return {"scheduleExpression": schedule["scheduleExpression"], "status": "DISABLED"}


def is_marked(o: Observed) -> bool:
    """Whether status says that a schedule that the spec does not set is to be enabled again."""
    return o.mover.spec.schedule is not None or SCHEDULE_STATUS in o.mover.status.declared
