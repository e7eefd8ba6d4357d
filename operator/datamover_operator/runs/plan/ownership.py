"""What a run belongs to, as its object says: one mover, by uid, and one execution of that mover's task (invariant I6).

Annotations are anybody's to write, so what they name counts only where it is the mover's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from datamover_crds import DataMover, DataMoverRun, JsonObject, read_json
from datamover_crds.contract import CLAIM_ANNOTATION, EXECUTION_ANNOTATION


@dataclass(frozen=True, slots=True)
class Claim:
    """The annotation by which a run's start is claimed: it may have been sent with this nonce, for this mover."""

    nonce: str
    mover_uid: str


def dump_claim(claim: Claim, spec: JsonObject) -> str:
    """The annotation's text, with what the start takes from the mover's spec (runs/plan/started.py)."""
    return json.dumps({"nonce": claim.nonce, "moverUid": claim.mover_uid, "spec": spec})


def claim_of(run: DataMoverRun) -> Claim | None:
    """The stored claim; one that can't be read still means that the start may have been sent."""
    text = run.metadata.annotations.get(CLAIM_ANNOTATION)
    if text is None:
        return None
    try:
        claim = read_json(text)
    except ValueError:
        return Claim("", "")
    match claim:
        case {"nonce": nonce, "moverUid": uid}:
            return Claim(str(nonce), str(uid))
        case _:
            return Claim("", "")


def execution_of(run: DataMoverRun) -> str | None:
    """The execution that the run stands for."""
    return run.status.execution_arn or run.metadata.annotations.get(EXECUTION_ANNOTATION)


def bound_uid(run: DataMoverRun) -> str | None:
    """The uid of the run's mover, as recorded or else as claimed; None: of the mover with that name."""
    claim = claim_of(run)
    return run.status.mover_uid or (claim.mover_uid if claim is not None else None) or None


def belongs_to(run: DataMoverRun, mover_uid: str) -> bool:
    """Whether the run is, or may become, this very mover's: another one may have got the name of an earlier one."""
    return bound_uid(run) in {None, mover_uid}


def is_execution_of(mover: DataMover, arn: str) -> bool:
    """Whether the execution is one of the mover's task, of one that it has replaced, or of one that has vanished."""
    status = mover.status
    tasks = [status.task_arn, *(item.arn for item in status.bookkeeping.retired if item.kind == "task")]
    is_named = any(ref is not None and ref.execution_arn == arn for ref in (status.current_run, *status.queued_runs))
    return is_named or any(task is not None and arn.startswith(f"{task}/") for task in tasks)


def takes_task_along(mover: DataMover) -> bool:
    """Whether the mover is being deleted together with its task: its executions are cancelled first (I4)."""
    is_going = mover.metadata.deletion_timestamp is not None and mover.spec.deletion_policy == "Delete"
    return is_going and "task" in mover.status.bookkeeping.owned
