"""What becomes of a run that has ended: it may be repeated by a new run, and is deleted when its time is over."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import (
    DataMover,
    DataMoverRun,
    DataMoverRunStatus,
    JsonObject,
    ObjectMeta,
    Retry,
    RetryCause,
    dump,
    from_duration,
    from_timestamp,
)
from datamover_crds.common import API_VERSION
from datamover_crds.contract import EXTERNAL_ORIGIN, ORIGIN_LABEL, RETRIED_ANNOTATION, RETRY_ORIGIN, RunReason
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.movers.plan.names import Identity
from datamover_operator.runs.plan.claims import belonging
from datamover_operator.runs.plan.history import ended_at, is_told
from datamover_operator.runs.plan.observed import ObservedRun
from datamover_operator.runs.plan.steps import CreateRetry, Expire, RunPlan

MISSED = timedelta(days=1)
"""A retry that could not be made for so long is not made any more: the object may have come back from a backup."""
_ONLY_THIS_RUN = ("cancel", "retryOf")
_MAX_OBJECT_NAME = 253
_NO_END = timedelta(days=36500)


def after_end(o: ObservedRun, now: datetime) -> RunPlan:
    """What to do next for a run that has ended and holds nothing any more."""
    due, status = _retry_due(o, now), o.run.status
    name = o.run.metadata.annotations.get(RETRIED_ANNOTATION)
    if due is not None and due <= now:
        return RunPlan(steps=(CreateRetry(retry_name(o.run)),))
    told = status.model_copy(
        update={"next_retry_time": timestamp(due) if due is not None else None, "retried_by": name or status.retried_by}
    )
    expiry = _expiry(o)
    if due is None and expiry is not None and expiry <= now and is_told(o.run):
        return RunPlan(steps=(Expire(),))
    return RunPlan(status=told if told != status else None, again_at=due or expiry)


def retry_name(run: DataMoverRun) -> str:
    """The one name of the run that repeats a run: it is never repeated twice."""
    attempt = next_attempt(run)
    base = run.metadata.name.removesuffix(f"-retry-{attempt - 1}")
    suffix = f"-retry-{attempt}"
    return base[: _MAX_OBJECT_NAME - len(suffix)] + suffix


def next_attempt(run: DataMoverRun) -> int:
    """Which retry the next one would be."""
    return run.spec.retry_of.attempt + 1 if run.spec.retry_of is not None else 1


def retry_object(identity: Identity, run: DataMoverRun, name: str) -> JsonObject:
    """The DataMoverRun that repeats a run."""
    metadata = belonging(identity, ObjectMeta(labels={ORIGIN_LABEL: RETRY_ORIGIN}))
    metadata |= {"name": name, "namespace": identity.namespace}
    spec = {key: value for key, value in dump(run.spec).items() if key not in _ONLY_THIS_RUN}
    spec["retryOf"] = {"name": run.metadata.name, "attempt": next_attempt(run)}
    return {"apiVersion": API_VERSION, "kind": "DataMoverRun", "metadata": metadata, "spec": spec}


def retry_cause(status: DataMoverRunStatus) -> RetryCause | None:
    """Why a run may be worth another try; None where it succeeded, never started, or was cancelled by a user."""
    if status.phase == "Failed":
        result = status.result
        is_mismatch = result is not None and (result.transfer_status, result.verify_status) == ("SUCCESS", "ERROR")
        return "VerificationMismatch" if is_mismatch else "Failed"
    if status.phase == "Cancelled" and status.reason == RunReason.TIMED_OUT:
        return "TimedOut"
    return "Unknown" if status.phase == "Unknown" else None


def delay_of(policy: Retry, attempt: int) -> timedelta:
    """How long the retry waits, from the end of the run that it repeats."""
    backoff = policy.backoff
    longest = min(from_duration(backoff.max), _NO_END)
    seconds = from_duration(backoff.initial).total_seconds() * backoff.factor ** (attempt - 1)
    return timedelta(seconds=min(seconds, longest.total_seconds()))


def _retry_due(o: ObservedRun, now: datetime) -> datetime | None:
    run, mover = o.run, o.mover
    if mover is None or mover.spec.retry is None or not _may_be_retried(run, mover):
        return None
    policy, attempt = mover.spec.retry, next_attempt(run)
    if retry_cause(run.status) not in policy.on or attempt > policy.limit:
        return None
    due = ended_at(run) + delay_of(policy, attempt)
    return due if now < due + MISSED else None


def _may_be_retried(run: DataMoverRun, mover: DataMover) -> bool:
    is_going = run.metadata.deletion_timestamp is not None or mover.metadata.deletion_timestamp is not None
    is_external = run.metadata.labels.get(ORIGIN_LABEL) == EXTERNAL_ORIGIN
    if is_going or is_external or RETRIED_ANNOTATION in run.metadata.annotations:
        return False
    success = mover.status.last_successful_time
    return success is None or from_timestamp(success) <= ended_at(run)


def _expiry(o: ObservedRun) -> datetime | None:
    """When the run is to be deleted, by its own or its mover's ttlAfterFinished."""
    mover_ttl = o.mover.spec.ttl_after_finished if o.mover is not None else None
    ttl = o.run.spec.ttl_after_finished or mover_ttl
    if ttl is None or o.run.metadata.deletion_timestamp is not None:
        return None
    return ended_at(o.run) + min(from_duration(ttl), _NO_END)
