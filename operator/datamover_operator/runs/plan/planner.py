"""The plan for a run: claim the mover, claim the run, start once, watch, record (invariant I7).

A pure function of what was observed and the time. A run starts at most once in its life: what has been claimed and is
not known to have been left unsent is looked up, never started again.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from datamover_crds import DataMover, JsonObject, dump
from datamover_crds.contract import FINAL_PHASES, FINALIZER, RunReason, is_true
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.names import Identity
from datamover_operator.runs.plan.claims import holds, wants_to_queue
from datamover_operator.runs.plan.following import follow
from datamover_operator.runs.plan.marks import only_marked
from datamover_operator.runs.plan.observed import FailedStep, ObservedRun
from datamover_operator.runs.plan.ownership import claim_of, takes_task_along
from datamover_operator.runs.plan.status import ended, told, with_failure, words_of
from datamover_operator.runs.plan.steps import (
    ClaimMover,
    ClaimRun,
    FreeRun,
    LookAtTask,
    Own,
    Protect,
    ReleaseMover,
    RunPlan,
    RunStep,
    Start,
    Unclaim,
    WakeMover,
)

_OWNING = ClaimMover | ClaimRun | Protect
"""The run is claimed next, or protected, and owned with that."""
_FINAL_REFUSALS = frozenset({FailureKind.REFUSED, FailureKind.LIMIT_EXCEEDED, FailureKind.CONFLICT})


def plan_run(o: ObservedRun, now: datetime) -> RunPlan:
    """What to do next for one run. It is its mover's from the first pass on, whatever becomes of it."""
    plan = only_marked(o, _plan(o, now), now)
    if _is_owned(o) or any(isinstance(step, _OWNING) for step in plan.steps):
        return plan
    return replace(plan, steps=(Own(), *plan.steps))


def _plan(o: ObservedRun, now: datetime) -> RunPlan:
    if o.run.status.phase in FINAL_PHASES:
        return _clear_away(o)
    if o.mover_gone or _is_left_behind(o):
        return _let_go(o, now)
    if o.execution_arn is not None:
        return follow(o, o.execution_arn, now)
    if o.claim is not None and not o.may_send:
        return _look_up(o, now)
    return _start(o, now)


def start_request(o: ObservedRun, identity: Identity, task_arn: str, nonce: str) -> JsonObject:
    """StartTaskExecution's request: queueing is off unless the run asks for it."""
    spec = o.run.spec
    options: JsonObject = {"taskQueueing": "DISABLED"}
    options |= dump(spec.override_options) if spec.override_options is not None else {}
    if spec.bytes_per_second is not None:
        options["bytesPerSecond"] = spec.bytes_per_second
    request: JsonObject = {"taskArn": task_arn, "overrideOptions": options}
    for name, rules in (("includes", spec.includes), ("excludes", spec.excludes)):
        if rules:
            request[name] = [dump(rule) for rule in rules]
    tags = identity.tags("execution", nonce)
    request["tags"] = [{"key": key, "value": value} for key, value in sorted(tags.items())]
    return request


def _clear_away(o: ObservedRun) -> RunPlan:
    """The run is over: let the mover and the object go. The mover notes the end even where it has lost its status."""
    is_kept = FINALIZER in o.run.metadata.finalizers
    is_noted = o.mover is None or not (is_kept or holds(o.mover, o.run.metadata.uid))
    return RunPlan(steps=(*(() if is_noted else (ReleaseMover(),)), *((FreeRun(),) if is_kept else ())))


def _is_left_behind(o: ObservedRun) -> bool:
    """Whether the run goes with a mover that leaves its task, and what that does, in AWS."""
    if o.run.metadata.deletion_timestamp is None or o.mover is None:
        return False
    return o.mover.metadata.deletion_timestamp is not None and not takes_task_along(o.mover)


def _let_go(o: ObservedRun, now: datetime) -> RunPlan:
    """Nobody can say any more what becomes of the run."""
    if o.execution_arn is not None or o.claim is not None:
        message = "the mover was deleted; the outcome of the execution is unknown"
        return RunPlan(status=ended(o, "Unknown", RunReason.MOVER_GONE, message, now))
    if _is_unwanted(o):
        return _end_unstarted(o, now)
    message = "the mover that this run was created for no longer exists; create another run for its successor"
    return RunPlan(status=ended(o, "Rejected", RunReason.MOVER_REPLACED, message, now))


def _look_up(o: ObservedRun, now: datetime) -> RunPlan:
    """The start may have been sent, and nobody knows what came of it."""
    if not o.settled:
        hindrance = f" ({words_of(o.search_failure)})" if o.search_failure is not None else ""
        message = f"the start may have reached AWS; looking for its execution{hindrance}"
        return RunPlan(status=told(o, "Pending", "InDoubt", message, now), retry=True)
    message = (
        "the start may have reached AWS, but its execution was not found; create another run if it is still needed"
    )
    return RunPlan(status=ended(o, "Unknown", "NotFound", message, now))


def _start(o: ObservedRun, now: datetime) -> RunPlan:
    """Everything that a start needs, one thing after the other."""
    if _is_unwanted(o):
        return _end_unstarted(o, now)
    mover, identity = o.mover, o.identity
    if mover is None or identity is None:
        message = f"waiting for DataMover '{o.run.spec.mover_ref.name}' to be created"
        return RunPlan(status=told(o, "Pending", "MoverNotFound", message, now))
    if mover.metadata.deletion_timestamp is not None:
        return RunPlan(status=ended(o, "Rejected", RunReason.MOVER_DELETING, "the mover is being deleted", now))
    obstacle = _obstacle(o, mover)
    if obstacle is not None:
        return RunPlan(steps=_withdrawal(o, mover), status=told(o, "Pending", *obstacle, now))
    if o.failed_step is not None and isinstance(o.failed_step.step, Start):
        return _refused(o, mover, o.failed_step, now) if o.failed_step.is_seen else _look(mover, o.failed_step)
    return _next_of_start(o, mover, identity, now)


def _next_of_start(o: ObservedRun, mover: DataMover, identity: Identity, now: datetime) -> RunPlan:
    holder = mover.status.current_run
    if not holds(mover, o.run.metadata.uid):
        if holder is not None and not wants_to_queue(o.run):
            message = (
                f"run '{holder.name}' is active; create another run when it has ended, "
                "or one with spec.overrideOptions.taskQueueing ENABLED, which queues"
            )
            return RunPlan(status=ended(o, "Rejected", RunReason.ALREADY_RUNNING, message, now))
        return RunPlan(steps=(ClaimMover(None),))
    if o.claim is None:
        return RunPlan(steps=(ClaimRun(),))
    return RunPlan(steps=(Start(start_request(o, identity, str(mover.status.task_arn), o.claim.nonce)),))


def _look(mover: DataMover, failed_step: FailedStep) -> RunPlan:
    """A start that failed may have failed because of the task's state, which is news for the mover, too."""
    is_gone = failed_step.failure.kind is FailureKind.NOT_FOUND
    return RunPlan(steps=(LookAtTask(str(mover.status.task_arn)), WakeMover(everything=is_gone)))


def _refused(o: ObservedRun, mover: DataMover, failed_step: FailedStep, now: datetime) -> RunPlan:
    """A start that certainly had no effect: what only the user can mend rejects the run, all else may pass."""
    failure = failed_step.failure
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
        return "MoverNotReady", "waiting for the mover to become Ready"
    if not o.connected:
        return "AccountNotReady", "waiting for the mover's account to become Ready"
    return None


def _is_unwanted(o: ObservedRun) -> bool:
    return o.run.spec.cancel or o.run.metadata.deletion_timestamp is not None


def _end_unstarted(o: ObservedRun, now: datetime) -> RunPlan:
    return RunPlan(status=ended(o, "Cancelled", "Cancelled", "cancelled before it started", now))


def _is_owned(o: ObservedRun) -> bool:
    """Whether the run goes with its mover; one that goes already, or whose mover does not exist, needs no owner."""
    if o.identity is None or o.run.metadata.deletion_timestamp is not None:
        return True
    return any(owner.uid == o.identity.uid for owner in o.run.metadata.owner_references)
