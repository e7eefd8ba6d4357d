"""How a run claims its mover's status and releases it (invariant I7): pure changes of that status.

Each is written by compare-and-swap, so that exactly one of two runs gets the task.
"""

from __future__ import annotations

from datamover_crds import DataMover, DataMoverRun, DataMoverStatus, JsonObject, ObjectMeta, RunRef, RunSummary, dump
from datamover_crds.contract import FINAL_PHASES, MOVER_LABEL, ORIGIN_LABEL, USER_ORIGIN, run_owner
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.runs.plan.history import latest
from datamover_operator.runs.plan.ownership import execution_of
from datamover_operator.runs.plan.steps import ClaimMover


def wants_to_queue(run: DataMoverRun, mover: DataMover) -> bool:
    """Whether the run, or else its mover, asks DataSync to queue it instead of refusing it."""
    options = run.spec.override_options
    own = options.task_queueing if options is not None else None
    return (own or mover.spec.options.task_queueing) == "ENABLED"


def holds(mover: DataMover, uid: str) -> bool:
    """Whether a run has the mover's task, or waits in the queue for it."""
    refs = (mover.status.current_run, *mover.status.queued_runs)
    return any(ref is not None and ref.uid == uid for ref in refs)


def is_starting(o: Observed) -> bool:
    """Whether a run has claimed the task and may have started it, or is about to."""
    holder = o.mover.status.current_run
    return holder is not None and any(
        run.metadata.uid == holder.uid and run.status.phase not in FINAL_PHASES and execution_of(run) is None
        for run in o.runs
    )


def claimed(status: DataMoverStatus, run: DataMoverRun, step: ClaimMover, now: str) -> DataMoverStatus:
    """The mover's status with the run in it: as the current one, or, where another is, in the queue behind it.

    A run that neither asks to queue nor has been started by somebody else does not go behind another: it stays out.
    """
    uid = run.metadata.uid
    ref = RunRef(name=run.metadata.name, uid=uid, execution_arn=step.execution_arn, start_time=now)
    if status.current_run is None:
        return status.model_copy(update={"current_run": ref})
    is_in = status.current_run.uid == uid or any(each.uid == uid for each in status.queued_runs)
    if is_in or not step.may_queue:
        return status
    return status.model_copy(update={"queued_runs": (*status.queued_runs, ref)})


def released(status: DataMoverStatus, run: DataMoverRun) -> DataMoverStatus:
    """The mover's status without the run, with what became of it; the first in the queue moves up.

    The execution of a run that is being deleted is not to be recorded again.
    """
    uid = run.metadata.uid
    waiting = [each for each in status.queued_runs if each.uid != uid]
    current = status.current_run
    if current is None or current.uid == uid:
        current = waiting.pop(0) if waiting else None
    told: dict[str, object] = {"current_run": current, "queued_runs": tuple(waiting)}
    ended = run.status.completion_time
    known = status.last_run.completion_time if status.last_run is not None else None
    if run.status.execution_arn is not None and latest(ended, known) == ended:
        told["last_run"] = _summary(run)
    if run.metadata.deletion_timestamp is not None:
        before = latest(status.bookkeeping.pruned_before, run.status.start_time)
        told["bookkeeping"] = status.bookkeeping.model_copy(update={"pruned_before": before})
    if run.status.phase == "Succeeded":
        told["last_successful_time"] = latest(status.last_successful_time, ended)
    return status.model_copy(update=told)


def without_current_run(status: DataMoverStatus) -> DataMoverStatus:
    """The mover's status without its current run, of which nothing more is known; the first in the queue moves up."""
    waiting = status.queued_runs
    return status.model_copy(update={"current_run": waiting[0] if waiting else None, "queued_runs": waiting[1:]})


def belonging(identity: Identity, run: ObjectMeta) -> JsonObject:
    """The metadata that makes a run its mover's: the owner reference, and the labels by which it is found."""
    others = [dump(each) for each in run.owner_references if each.uid != identity.uid and not each.controller]
    origin = run.labels.get(ORIGIN_LABEL, USER_ORIGIN)
    owner = dump(run_owner(identity.name, identity.uid))
    return {"ownerReferences": [*others, owner], "labels": {MOVER_LABEL: identity.name, ORIGIN_LABEL: origin}}


def _summary(run: DataMoverRun) -> RunSummary:
    status = run.status
    counters = status.counters
    return RunSummary(
        name=run.metadata.name,
        phase=status.phase or "Unknown",
        execution_arn=status.execution_arn,
        start_time=status.start_time,
        completion_time=status.completion_time,
        bytes_transferred=counters.bytes_transferred if counters is not None else None,
        files_transferred=counters.files_transferred if counters is not None else None,
    )
