"""The plan for a run: claim the mover, claim the run, start once, watch, record (invariant I7).

A pure function of what was observed and the time. A run starts at most once in its life: what has been claimed and is
not known to have been left unsent is looked up, never started again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamover_crds import DataMover, DataMoverRun, DataMoverRunStatus, JsonObject, Phase, dump
from datamover_operator.planning.conditions import Judge, is_true, timestamp
from datamover_operator.planning.executions import has_ended, status_from
from datamover_operator.planning.failure import Failure
from datamover_operator.planning.history import FINAL_PHASES
from datamover_operator.planning.names import FINALIZER, Identity
from datamover_operator.planning.run_steps import (
    AnnounceCancel,
    CancelRun,
    ClaimMover,
    ClaimRun,
    FreeRun,
    LimitBandwidth,
    Own,
    ReleaseMover,
    RunPlan,
    Start,
)

_LIMITABLE = frozenset({"LAUNCHING", "LAUNCHED", "PREPARING", "TRANSFERRING", "VERIFYING"})


@dataclass(frozen=True, slots=True)
class Claim:
    """The annotation by which a run's start is claimed: it may have been sent with this nonce, for this mover."""

    nonce: str
    mover_uid: str


@dataclass(frozen=True, slots=True)
class ObservedRun:
    """What a run's plan depends on.

    `claim` is the stored annotation; `may_send` says that this process wrote it and knows that the start was not sent.
    `execution` is the last description; `execution_gone` says that DataSync no longer knows it, `cancel_sent` that it
    has accepted this process' cancel. `recorded_arn` is the
    execution that the object was made to record (somebody else started it). `settled` is false while the start may
    have been sent and its execution may still turn up. `failure` is why the start was refused; `task_is_busy` that
    another execution held the task then.
    """

    run: DataMoverRun
    mover: DataMover | None
    identity: Identity | None
    nonce: str
    claim: Claim | None = None
    may_send: bool = False
    recorded_arn: str | None = None
    execution_arn: str | None = None
    execution: JsonObject | None = None
    execution_gone: bool = False
    cancel_sent: bool = False
    settled: bool = True
    failure: Failure | None = None
    task_is_busy: bool = False
    connected: bool = True


def plan_run(o: ObservedRun, now: datetime) -> RunPlan:
    """What to do next for one run."""
    if o.run.status.phase in FINAL_PHASES:
        return _clear_away(o)
    if _is_orphaned(o):
        return _let_go(o, now)
    if o.execution_arn is not None:
        return _follow(o, now)
    if o.claim is not None and not o.may_send:
        return _look_up(o, now)
    if o.failure is not None:
        return _refused(o, o.failure, now)
    return _start(o, now)


def wants_to_queue(run: DataMoverRun) -> bool:
    """Whether the run asks to wait in DataSync's queue instead of being rejected."""
    options = run.spec.override_options
    return options is not None and options.task_queueing == "ENABLED"


def start_request(o: ObservedRun, task_arn: str, nonce: str) -> JsonObject:
    """StartTaskExecution's request: queueing is off unless the run asks for it."""
    assert o.identity is not None  # noqa: S101 - a run is started for a mover
    spec = o.run.spec
    options: JsonObject = {"taskQueueing": "DISABLED"}
    options |= dump(spec.override_options) if spec.override_options is not None else {}
    if spec.bytes_per_second is not None:
        options["bytesPerSecond"] = spec.bytes_per_second
    request: JsonObject = {"taskArn": task_arn, "overrideOptions": options}
    for name, rules in (("includes", spec.includes), ("excludes", spec.excludes)):
        if rules:
            request[name] = [dump(rule) for rule in rules]
    tags = o.identity.tags("execution", nonce)
    request["tags"] = [{"key": key, "value": value} for key, value in sorted(tags.items())]
    return request


def _clear_away(o: ObservedRun) -> RunPlan:
    """The run is over: let the mover and the object go."""
    if o.mover is not None and _holds(o.mover, o.run.metadata.uid):
        return RunPlan(steps=(ReleaseMover(),))
    if FINALIZER in o.run.metadata.finalizers:
        return RunPlan(steps=(FreeRun(),))
    return RunPlan()


def _is_orphaned(o: ObservedRun) -> bool:
    """Whether the run goes and nobody can end its execution: its mover has gone, or leaves everything in AWS."""
    if o.run.metadata.deletion_timestamp is None:
        return False
    if o.mover is None:
        return True
    return o.mover.metadata.deletion_timestamp is not None and o.mover.spec.deletion_policy == "Retain"


def _let_go(o: ObservedRun, now: datetime) -> RunPlan:
    message = "the mover has gone: what became of the execution is not known"
    return _end(o, "Unknown", "MoverGone", message, now)


def _follow(o: ObservedRun, now: datetime) -> RunPlan:
    """The execution is known: cancel it or change its pace where that is asked for, and record how it goes."""
    if o.execution_gone:
        return _end(o, "Unknown", "ExecutionGone", "DataSync no longer knows the execution", now)
    was_lost = o.run.status.phase is None and o.run.spec.cancel
    before = o.run.status.model_copy(
        update={
            "execution_arn": o.execution_arn,
            "mover_uid": o.identity.uid if o.identity is not None else None,
            "phase": "Cancelling" if was_lost else o.run.status.phase,
        },
    )
    if o.execution is None:
        return RunPlan(status=_judged(o, before.model_copy(update={"phase": before.phase or "Launching"}), now))
    status = _judged(o, status_from(o.execution, before, now), now)
    if has_ended(o.execution):
        return RunPlan(status=status)
    if o.mover is not None and _is_of(o.mover, str(o.execution_arn)) and not _holds(o.mover, o.run.metadata.uid):
        return RunPlan(steps=(ClaimMover(o.execution_arn),))
    if _is_to_be_cancelled(o):
        return _cancel(o, status, now)
    wanted, options = o.run.spec.bytes_per_second, o.execution.get("options")
    actual = options.get("bytesPerSecond") if isinstance(options, dict) else None
    if wanted is not None and actual != wanted and o.execution.get("status") in _LIMITABLE:
        return RunPlan(steps=(LimitBandwidth(str(o.execution_arn), wanted),), status=status)
    return RunPlan(status=status)


def _cancel(o: ObservedRun, status: DataMoverRunStatus, now: datetime) -> RunPlan:
    """Say so first, then cancel, once as far as this process knows."""
    assert o.execution is not None  # noqa: S101 - what has not been described is not cancelled yet
    if o.run.status.phase != "Cancelling":
        announced = status.model_copy(update={"phase": "Cancelling", "reason": "Cancelling"})
        return RunPlan(steps=(AnnounceCancel(_judged(o, announced, now)),))
    is_under_way = o.cancel_sent or o.execution.get("status") == "CANCELLING"
    return RunPlan(steps=() if is_under_way else (CancelRun(str(o.execution_arn)),), status=status)


def _look_up(o: ObservedRun, now: datetime) -> RunPlan:
    """The start may have been sent, and nobody knows what came of it."""
    if not o.settled:
        status = _status(o, "Pending", "InDoubt", "the start may have been sent: looks for its execution", now)
        return RunPlan(status=status, retry=True)
    return _end(o, "Unknown", "NotFound", "the start may have been sent, but no execution of it is to be found", now)


def _refused(o: ObservedRun, failure: Failure, now: datetime) -> RunPlan:
    reason = "AlreadyRunning" if o.task_is_busy else failure.kind.value
    return _end(o, "Rejected", reason, f"{failure.operation}: {failure.code}: {failure.message}", now)


def _start(o: ObservedRun, now: datetime) -> RunPlan:
    """Everything that a start needs, one thing after the other."""
    if _is_to_be_cancelled(o):
        return _end(o, "Cancelled", "Cancelled", "cancelled before it was started", now)
    mover, identity = o.mover, o.identity
    if mover is None or identity is None:
        return _wait(o, "MoverNotFound", f"waits for DataMover '{o.run.spec.mover_ref.name}' to be created", now)
    if o.run.status.mover_uid not in {None, identity.uid}:
        return _end(o, "Rejected", "MoverReplaced", "the mover it was made for is gone; another has its name now", now)
    if mover.metadata.deletion_timestamp is not None:
        return _end(o, "Rejected", "MoverDeleting", "the mover is being deleted", now)
    obstacle = _obstacle(o, mover)
    if obstacle is not None:
        steps = () if _is_owned(o, identity) else (Own(),)
        return _wait(o, *obstacle, now, steps)
    holder = mover.status.current_run
    if holder is not None and holder.uid != o.run.metadata.uid and not _is_queued(mover, o.run.metadata.uid):
        if not wants_to_queue(o.run):
            return _end(o, "Rejected", "AlreadyRunning", f"run '{holder.name}' is active", now)
        return RunPlan(steps=(ClaimMover(None),))
    if holder is None:
        return RunPlan(steps=(ClaimMover(None),))
    if o.claim is None:
        return RunPlan(steps=(ClaimRun(),))
    return RunPlan(steps=(Start(start_request(o, str(mover.status.task_arn), o.claim.nonce)),))


def _obstacle(o: ObservedRun, mover: DataMover) -> tuple[str, str] | None:
    if mover.spec.suspend:
        return "Suspended", "waits: the mover is suspended"
    is_current = mover.status.observed_generation == mover.metadata.generation
    if not (is_current and is_true(mover.status.conditions, "Ready") and mover.status.task_arn):
        return "MoverNotReady", "waits for the mover to be Ready"
    if not o.connected:
        return "AccountNotReady", "waits for the mover's account to be Ready"
    return None


def _wait(o: ObservedRun, reason: str, message: str, now: datetime, steps: tuple[Own, ...] = ()) -> RunPlan:
    return RunPlan(steps=steps, status=_status(o, "Pending", reason, message, now))


def _end(o: ObservedRun, phase: Phase, reason: str, message: str, now: datetime) -> RunPlan:
    status = _status(o, phase, reason, message, now)
    return RunPlan(status=status.model_copy(update={"completion_time": timestamp(now)}))


def _status(o: ObservedRun, phase: Phase, reason: str, message: str, now: datetime) -> DataMoverRunStatus:
    told = {"phase": phase, "reason": reason, "message": message}
    uid = {"mover_uid": o.identity.uid} if o.identity is not None and o.run.status.mover_uid is None else {}
    return _judged(o, o.run.status.model_copy(update=told | uid), now)


def _judged(o: ObservedRun, status: DataMoverRunStatus, now: datetime) -> DataMoverRunStatus:
    """Conditions as kstatus reads them: a run is Ready when it has succeeded, Stalled when it can't any more."""
    generation = o.run.metadata.generation
    judge = Judge(o.run.status.conditions, generation, now)
    message = status.message or ""
    if status.phase == "Succeeded":
        conditions = judge.ready("all is transferred")
    elif status.phase in FINAL_PHASES:
        conditions = judge.stalled(status.reason or "Ended", message)
    else:
        conditions = judge.progressing(status.reason or "Running", message)
    return status.model_copy(update={"conditions": conditions, "observed_generation": generation})


def _is_to_be_cancelled(o: ObservedRun) -> bool:
    goes = o.mover is not None and o.mover.metadata.deletion_timestamp is not None
    return o.run.spec.cancel or o.run.metadata.deletion_timestamp is not None or (goes and o.execution_arn is not None)


def _is_of(mover: DataMover, execution_arn: str) -> bool:
    """Whether the execution is one of the mover's task: a mover may have got the name of an earlier one."""
    return execution_arn.startswith(f"{mover.status.task_arn}/")


def _holds(mover: DataMover, uid: str) -> bool:
    return (mover.status.current_run is not None and mover.status.current_run.uid == uid) or _is_queued(mover, uid)


def _is_queued(mover: DataMover, uid: str) -> bool:
    return any(each.uid == uid for each in mover.status.queued_runs)


def _is_owned(o: ObservedRun, identity: Identity) -> bool:
    return any(owner.uid == identity.uid for owner in o.run.metadata.owner_references)
