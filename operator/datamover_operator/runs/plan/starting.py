"""The plan for a run that has not been started: everything that a start needs, one thing after the other."""

from __future__ import annotations

from datetime import datetime

from datamover_crds import DataMover, JsonObject, RunRef, dump
from datamover_crds.contract import RunReason, is_true
from datamover_crds.options import filters_of
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED
from datamover_operator.movers.plan.names import Identity
from datamover_operator.runs.plan.cancelling import Cancellation, is_unwanted
from datamover_operator.runs.plan.claims import holds, wants_to_queue
from datamover_operator.runs.plan.grants import no_longer_granted
from datamover_operator.runs.plan.observed import FailedStep, ObservedRun
from datamover_operator.runs.plan.ownership import claim_of
from datamover_operator.runs.plan.preparing import prepare
from datamover_operator.runs.plan.status import ended, told, with_failure, words_of
from datamover_operator.runs.plan.steps import (
    ClaimMover,
    ClaimRun,
    LookAtTask,
    MarkCancelled,
    ReleaseMover,
    RunPlan,
    RunStep,
    Start,
    Unclaim,
    WakeMover,
)
from datamover_operator.runs.plan.transfer_mistakes import first_mistake
from datamover_operator.runs.plan.transfers import request_members
from datamover_operator.runs.plan.turns import replaces_others, waits_its_turn

_FINAL_REFUSALS = frozenset({FailureKind.REFUSED, FailureKind.LIMIT_EXCEEDED, FailureKind.CONFLICT})


def start(o: ObservedRun, now: datetime) -> RunPlan:
    """Everything that a start needs, one thing after the other."""
    mover, identity = o.mover, o.identity
    if mover is None or identity is None:
        message = f"waiting for DataMover '{o.run.spec.mover_ref.name}' to be created"
        return RunPlan(status=told(o, "Pending", "MoverNotFound", message, now))
    if mover.metadata.deletion_timestamp is not None:
        return RunPlan(status=ended(o, "Rejected", RunReason.MOVER_DELETING, "the mover is being deleted", now))
    if o.superseded_by is not None and not holds(mover, o.run.metadata.uid):
        message = f"the newer run '{o.superseded_by}' takes its place"
        return RunPlan(status=ended(o, "Rejected", RunReason.SUPERSEDED, message, now))
    obstacle = _obstacle(o, mover)
    if obstacle is not None:
        return RunPlan(steps=_withdrawal(o, mover), status=told(o, "Pending", *obstacle, now))
    mistake = first_mistake(o.run, mover, o.account)
    if mistake is not None:
        return RunPlan(status=ended(o, "Rejected", *mistake, now))
    if o.failed_step is not None and isinstance(o.failed_step.step, Start):
        return _refused(o, mover, o.failed_step, now) if o.failed_step.is_seen else _look(mover, o.failed_step)
    return _next_of_start(o, mover, identity, now)


def _next_of_start(o: ObservedRun, mover: DataMover, identity: Identity, now: datetime) -> RunPlan:
    holder = mover.status.current_run
    if not holds(mover, o.run.metadata.uid):
        may_queue = wants_to_queue(o.run, mover)
        if holder is not None and not may_queue:
            return _occupied(o, mover, holder, now)
        if holder is None and o.behind is not None:
            message = f"waiting for run '{o.behind}', which was created before, to start and end"
            return RunPlan(status=told(o, "Pending", RunReason.WAITING_FOR_RUN, message, now))
        return RunPlan(steps=(ClaimMover(None, may_queue=may_queue),))
    if o.claim is None:
        prepared = prepare(o, mover, now)
        return prepared if prepared is not None else RunPlan(steps=(ClaimRun(),))
    return RunPlan(steps=(Start(start_request(o, identity, str(mover.status.task_arn), o.claim.nonce)),))


def _occupied(o: ObservedRun, mover: DataMover, holder: RunRef, now: datetime) -> RunPlan:
    """Of two starts one wins. What becomes of the other, concurrencyPolicy says. An ended holder lets go soon."""
    if holder.uid not in o.active:
        message = f"waiting for run '{holder.name}', which has ended, to let go of the task"
        return RunPlan(status=told(o, "Pending", RunReason.WAITING_FOR_RUN, message, now))
    if not waits_its_turn(o.run, mover):
        message = (
            f"run '{holder.name}' is active; create another run when it has ended, set spec.concurrencyPolicy of the "
            "mover to Queue, or spec.overrideOptions.taskQueueing of the run to ENABLED"
        )
        return RunPlan(status=ended(o, "Rejected", RunReason.ALREADY_RUNNING, message, now))
    is_replaced = replaces_others(o.run, mover)
    steps: tuple[RunStep, ...] = ()
    if is_replaced and o.holder is not None and not is_unwanted(o.holder):
        why = f"run '{o.run.metadata.name}' takes its place (spec.concurrencyPolicy of the mover is Replace)"
        steps = (MarkCancelled(o.holder, Cancellation(RunReason.REPLACED, why)),)
    message = f"waiting for run '{holder.name}' to {'be cancelled' if is_replaced else 'end'}"
    return RunPlan(steps=steps, status=told(o, "Pending", RunReason.WAITING_FOR_RUN, message, now))


def _look(mover: DataMover, failed_step: FailedStep) -> RunPlan:
    """A start that failed may have failed because of the task's state, which is news for the mover, too."""
    is_gone = failed_step.failure.kind is FailureKind.NOT_FOUND
    return RunPlan(steps=(LookAtTask(str(mover.status.task_arn)), WakeMover(everything=is_gone)))


def _refused(o: ObservedRun, mover: DataMover, failed_step: FailedStep, now: datetime) -> RunPlan:
    """A start that certainly had no effect: what only the user can mend rejects the run, all else may pass."""
    failure = failed_step.failure
    if failed_step.is_busy and waits_its_turn(o.run, mover):
        message = "waiting for an execution of the task to end that the operator did not start"
        waiting = told(o, "Pending", RunReason.WAITING_FOR_RUN, message, now)
        return RunPlan(steps=_withdrawal(o, mover), status=waiting)
    if failure.kind in _FINAL_REFUSALS:
        reason = RunReason.ALREADY_RUNNING if failed_step.is_busy else failure.kind.value
        return RunPlan(status=ended(o, "Rejected", reason, words_of(failure), now))
    waiting = told(o, "Pending", failure.kind.value, words_of(failure), now)
    return RunPlan(steps=_withdrawal(o, mover), status=with_failure(o, waiting, failure, now))


def _withdrawal(o: ObservedRun, mover: DataMover) -> tuple[RunStep, ...]:
    """A run that waits holds nothing: others may run, and the mover may change, meanwhile."""
    release = (ReleaseMover(),) if holds(mover, o.run.metadata.uid) else ()
    return (*release, Unclaim()) if claim_of(o.run) is not None else release


def _obstacle(o: ObservedRun, mover: DataMover) -> tuple[str, str] | None:
    if mover.spec.suspend:
        return "Suspended", "waiting: the mover is suspended (spec.suspend)"
    is_current = mover.status.observed_generation == mover.metadata.generation
    if not (is_current and is_true(mover.status.conditions, "Ready") and mover.status.task_arn):
        return "MoverNotReady", _why_not_ready(mover)
    if not o.connected:
        return "AccountNotReady", f"waiting for DataMoverAccount '{mover.spec.account_ref.name}' to become Ready"
    withdrawn = no_longer_granted(mover, o.account) if o.account is not None else None
    if withdrawn is not None:
        return NOT_GRANTED, f"waiting: {withdrawn}"
    return None


def _why_not_ready(mover: DataMover) -> str:
    waits = f"waiting for DataMover '{mover.metadata.name}' to become Ready"
    ready = next((each for each in mover.status.conditions if each.type == "Ready"), None)
    is_known = ready is not None and ready.status != "True" and ready.message
    return f"{waits}, of which is said: {ready.message}" if ready is not None and is_known else waits


def start_request(o: ObservedRun, identity: Identity, task_arn: str, nonce: str) -> JsonObject:
    """StartTaskExecution's request: queueing is off unless the run asks for it."""
    spec = o.run.spec
    options: JsonObject = {"taskQueueing": "ENABLED" if o.mover and wants_to_queue(o.run, o.mover) else "DISABLED"}
    options |= dump(spec.override_options) if spec.override_options is not None else {}
    if spec.bytes_per_second is not None:
        options["bytesPerSecond"] = spec.bytes_per_second
    request: JsonObject = {"taskArn": task_arn, "overrideOptions": options}
    for name, rules in (("includes", spec.includes), ("excludes", spec.excludes)):
        if rules is not None:  # none lifts the mover's filter
            request[name] = filters_of(rules)
    request |= request_members(o.run, o.mover, o.account) if o.mover is not None else {}
    tags = identity.tags("execution", nonce)
    request["tags"] = [{"key": key, "value": value} for key, value in sorted(tags.items())]
    return request
