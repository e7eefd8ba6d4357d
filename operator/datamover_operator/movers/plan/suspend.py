"""Keeps a task from starting on its own by disabling its schedule.

This comes before anything that may fail, for a suspended mover and for one that is not granted what it declares.
"""

from __future__ import annotations

from datamover_crds import JsonObject
from datamover_crds.contract import UID_TAG
from datamover_operator.movers.plan.desired import SCHEDULE_STATUS
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, ungranted_in_aws
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.steps import UpdateTask

STOPPED_AFTER_RUN = "the schedule will be disabled when the active run ends; DataSync does not allow it before"


def is_withheld(o: Observed) -> bool:
    """Whether the task must not start anything: a grant that is withdrawn stops it, whatever else is wrong."""
    if o.adopting or o.is_being_deleted:
        return False
    is_suspended = o.mover.spec.suspend and not o.problem
    is_refused = o.unmet is not None and o.unmet.reason == NOT_GRANTED
    return is_suspended or is_refused or ungranted_in_aws(o) is not None


def has_to_be_looked_at(o: Observed) -> bool:
    """Whether only AWS can tell if the task has to be stopped: nothing else of it is read in this pass."""
    is_known = o.task is not None and o.task.described is None and o.mover.status.task_arn == o.task.arn
    is_held_up = o.unmet is not None or not o.settled
    return is_known and is_held_up and not (o.adopting or o.is_being_deleted)


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
    return o.mover.spec.schedule is not None or SCHEDULE_STATUS in o.mover.status.bookkeeping.declared
