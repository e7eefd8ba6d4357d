"""Who wants a run cancelled: its user (spec.cancel, deletion), or the operator, which says why in an annotation."""

from __future__ import annotations

import json
from dataclasses import dataclass

from datamover_crds import DataMoverRun, read_json
from datamover_crds.contract import CANCEL_ANNOTATION, RunReason

_MAX_MESSAGE = 1024


@dataclass(frozen=True, slots=True)
class Cancellation:
    """Why a run is, or was, cancelled: `reason` in one word, `message` in a sentence."""

    reason: str
    message: str


def is_cancelled(run: DataMoverRun) -> bool:
    """Whether somebody wants the run to stop, other than by deleting it."""
    return run.spec.cancel or CANCEL_ANNOTATION in run.metadata.annotations


def is_unwanted(run: DataMoverRun) -> bool:
    """Whether the run is not to start any more."""
    return is_cancelled(run) or run.metadata.deletion_timestamp is not None


def dump_cancellation(why: Cancellation) -> str:
    """The annotation's text."""
    return json.dumps({"reason": why.reason, "message": why.message})


def cancellation_of(run: DataMoverRun) -> Cancellation:
    """Why the run was cancelled; an annotation that can't be read cancels all the same."""
    text = run.metadata.annotations.get(CANCEL_ANNOTATION)
    if text is None or run.spec.cancel:
        return Cancellation("Cancelled", "the execution was cancelled")
    try:
        match read_json(text):
            case {"reason": str(reason), "message": message}:
                return Cancellation(RunReason(reason).value, str(message)[:_MAX_MESSAGE])
    except ValueError:
        pass
    return Cancellation("Cancelled", "the execution was cancelled")
