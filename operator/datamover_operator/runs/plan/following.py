"""The plan for a run whose execution is known: watch it, cancel it or change its pace where asked for, record it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datamover_crds import DataMover, DataMoverRunStatus, Phase
from datamover_crds.contract import EXECUTION_ANNOTATION, FINALIZER, RunReason
from datamover_operator.runs.plan.cancelling import Cancellation, cancellation_of, is_cancelled, is_unwanted
from datamover_operator.runs.plan.claims import holds, wants_to_queue
from datamover_operator.runs.plan.executions import has_ended, status_from
from datamover_operator.runs.plan.limits import exceeded, next_limit, with_progress_time
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.ownership import is_execution_of, takes_task_along
from datamover_operator.runs.plan.status import ended, judged, with_failure
from datamover_operator.runs.plan.steps import (
    CancelRun,
    ClaimMover,
    LimitBandwidth,
    LookAtExecution,
    MarkCancelled,
    Protect,
    RunPlan,
)

_LIMITABLE = frozenset({"LAUNCHING", "LAUNCHED", "PREPARING", "TRANSFERRING", "VERIFYING"})


def follow(o: ObservedRun, arn: str, now: datetime) -> RunPlan:
    """What to do next for a run that stands for this execution."""
    if o.mover is None:
        return RunPlan()  # only it tells where the execution is
    if not is_execution_of(o.mover, arn):
        is_known = o.mover.status.task_arn is not None
        return RunPlan(status=_not_the_movers(o, o.mover, arn, now) if is_known else None)
    if o.execution_gone:
        return RunPlan(status=ended(o, "Unknown", "ExecutionGone", "DataSync no longer knows the execution", now))
    before = _before(o, o.mover, arn)
    if o.execution is None:
        return RunPlan(status=judged(o, _begun(o, o.mover, before), now))
    seen = with_progress_time(o.run.status, status_from(o.execution, before, now, o.samples), now)
    if has_ended(o.execution):
        return RunPlan(status=judged(o, _explained(o, seen), now))
    plan = _active(o, o.mover, arn, judged(o, seen, now), now)
    return plan if plan.status is None else replace(plan, again_at=next_limit(o.mover, seen, now))


def _explained(o: ObservedRun, status: DataMoverRunStatus) -> DataMoverRunStatus:
    """DataSync does not tell why an execution was cancelled."""
    if status.phase != "Cancelled":
        return status
    why = cancellation_of(o.run)
    return status.model_copy(update={"reason": why.reason, "message": why.message})


def _not_the_movers(o: ObservedRun, mover: DataMover, arn: str, now: datetime) -> DataMoverRunStatus:
    """No run may reach another mover's execution; and the task of one of ours may have vanished."""
    if o.run.status.execution_arn is not None:
        return ended(o, "Unknown", "TaskGone", f"the mover no longer has the task of execution '{arn}'", now)
    message = (
        f"metadata.annotations['{EXECUTION_ANNOTATION}']: '{arn}': must be an execution of the mover's own task "
        f"'{mover.status.task_arn}'"
    )
    return ended(o, "Rejected", "NotItsExecution", message, now)


def _before(o: ObservedRun, mover: DataMover, arn: str) -> DataMoverRunStatus:
    """The status to go on from. Where it was lost, what ends an execution that should be cancelled is the cancel."""
    stored = o.run.status
    was_lost = stored.phase is None and is_cancelled(o.run)
    known = {"execution_arn": arn, "mover_uid": mover.metadata.uid}
    return stored.model_copy(update=known | ({"phase": "Cancelling"} if was_lost else {}))


def _begun(o: ObservedRun, mover: DataMover, status: DataMoverRunStatus) -> DataMoverRunStatus:
    """The status until the execution is first described: the run no longer waits for what it waited for."""
    if status.phase not in {None, "Pending"}:
        return status
    phase: Phase = "Launching" if o.claim is not None and not wants_to_queue(o.run, mover) else "Pending"
    return status.model_copy(update={"phase": phase, "reason": None, "message": None})


def _active(o: ObservedRun, mover: DataMover, arn: str, status: DataMoverRunStatus, now: datetime) -> RunPlan:
    assert o.execution is not None  # noqa: S101 - what is active has been described
    meta = o.run.metadata
    if FINALIZER not in meta.finalizers and meta.deletion_timestamp is None:
        return RunPlan(steps=(Protect(),))
    if arn.startswith(f"{mover.status.task_arn}/") and not holds(mover, meta.uid):
        return RunPlan(steps=(ClaimMover(arn, may_queue=True),))
    if is_unwanted(o.run) or takes_task_along(mover):
        return _cancel(o, arn, status, now)
    limit = exceeded(mover, status, now)
    if limit is not None and mover.spec.timeouts is not None and mover.spec.timeouts.action == "Cancel":
        return RunPlan(steps=(MarkCancelled(o.run, Cancellation(RunReason.TIMED_OUT, limit.message)),), status=status)
    wanted, options = o.run.spec.bytes_per_second, o.execution.get("options")
    actual = options.get("bytesPerSecond") if isinstance(options, dict) else None
    if wanted is not None and actual != wanted and o.execution.get("status") in _LIMITABLE:
        return _attempt(o, LimitBandwidth(arn, wanted), status, now)
    return RunPlan(status=status)


def _cancel(o: ObservedRun, arn: str, status: DataMoverRunStatus, now: datetime) -> RunPlan:
    """Cancel once, as far as this process knows. The status says so first: nothing else tells why it ended in ERROR."""
    assert o.execution is not None  # noqa: S101 - what has not been described is not cancelled yet
    why = cancellation_of(o.run)
    told = {"phase": "Cancelling", "reason": "Cancelling", "message": why.message if why.reason != "Cancelled" else ""}
    announced = judged(o, status.model_copy(update=told), now)
    if o.cancel_sent or o.execution.get("status") == "CANCELLING":
        return RunPlan(status=announced)
    return _attempt(o, CancelRun(arn), announced, now)


def _attempt(o: ObservedRun, step: CancelRun | LimitBandwidth, status: DataMoverRunStatus, now: datetime) -> RunPlan:
    """Take the step, unless it is delayed after a failure: then report that failure."""
    if o.failed_step is not None and o.failed_step.step == step:
        if not o.failed_step.is_seen and o.connected:
            return RunPlan(steps=(LookAtExecution(step.execution_arn),))
        return RunPlan(status=with_failure(o, status, o.failed_step.failure, now))
    return RunPlan(steps=(step,) if o.connected else (), status=status)
