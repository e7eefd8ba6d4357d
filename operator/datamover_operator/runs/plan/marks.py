"""Nothing is started or changed on a task that is not known to be the mover's: its own tags say so (I6).

Anyone who may write a mover's status could otherwise have any task of the account started.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from datamover_crds.contract import UID_TAG
from datamover_operator.movers.plan.names import task_arn_of
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.status import stalled, with_failure
from datamover_operator.runs.plan.steps import (
    CancelRun,
    ClaimMover,
    ClaimRun,
    Close,
    CreateRetry,
    Expire,
    FreeRun,
    LimitBandwidth,
    LookAtExecution,
    LookAtTask,
    MarkCancelled,
    Own,
    Protect,
    ReadTags,
    ReleaseMover,
    RunErrand,
    RunPlan,
    RunStep,
    Start,
    Unclaim,
    WakeMover,
)

_NOT_OWNED = "NotOwned"


def only_marked(o: ObservedRun, plan: RunPlan, now: datetime) -> RunPlan:
    """The plan without the steps on a task that is not the mover's; first the tags are read that tell."""
    task = next((arn for step in plan.steps if (arn := _task_of(step)) is not None), None)
    if task is None or o.is_movers.get(task):
        return plan
    status = o.run.status.model_copy(update={"phase": o.run.status.phase or "Pending"})
    if task in o.is_movers:
        message = f"task '{task}' does not have the mover's tag {UID_TAG}, so nothing is started or changed on it"
        is_told = o.mover_woken or o.run.status.reason == _NOT_OWNED
        steps = () if is_told else (WakeMover(everything=True),)
        return RunPlan(steps, stalled(o, status, _NOT_OWNED, message, now), retry=True)
    if o.tags_failure is not None:
        return RunPlan(status=with_failure(o, status, o.tags_failure, now), retry=True)
    return replace(plan, steps=(ReadTags(task),), status=None)


def _task_of(step: RunStep) -> str | None:
    """The task that a step starts or changes something on."""
    match step:
        case Start():
            return str(step.request["taskArn"])
        case CancelRun() | LimitBandwidth():
            return task_arn_of(step.execution_arn)
        case (
            ClaimMover()
            | ClaimRun()
            | Unclaim()
            | Close()
            | Own()
            | Protect()
            | ReleaseMover()
            | FreeRun()
            | WakeMover()
            | MarkCancelled()
            | CreateRetry()
            | Expire()
            | RunErrand()
        ):
            return None
        case LookAtExecution() | LookAtTask() | ReadTags():
            return None
        case _:
            assert_never(step)
