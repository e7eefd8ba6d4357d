"""Whose turn it is: what becomes of a run that is to start while another one of its mover is active."""

from __future__ import annotations

from collections.abc import Iterable

from datamover_crds import DataMover, DataMoverRun
from datamover_crds.contract import ORIGIN_LABEL, RETRY_ORIGIN, TRIGGER_ORIGIN
from datamover_operator.movers.plan.names import trigger_run_name
from datamover_operator.runs.plan.cancelling import is_unwanted
from datamover_operator.runs.plan.ownership import claim_of, execution_of

_WAITING_ORIGINS = frozenset({TRIGGER_ORIGIN, RETRY_ORIGIN})


def waits_its_turn(run: DataMoverRun, mover: DataMover) -> bool:
    """Whether the run waits for another one to end instead of being rejected: a retry, or a token, is spent once."""
    policy, origin = mover.spec.concurrency_policy, run.metadata.labels.get(ORIGIN_LABEL)
    if policy is None:
        return origin in _WAITING_ORIGINS
    return policy != "Forbid" or origin == RETRY_ORIGIN


def replaces_others(run: DataMoverRun, mover: DataMover) -> bool:
    """Whether an active run is cancelled for the sake of this one."""
    return mover.spec.concurrency_policy == "Replace" and run.metadata.labels.get(ORIGIN_LABEL) != RETRY_ORIGIN


def superseded_by(run: DataMoverRun, mover: DataMover, active: Iterable[DataMoverRun]) -> str | None:
    """The run that has made this one needless: one of a newer trigger token, or, under Replace, the newest one."""
    others = [each for each in active if each.metadata.uid != run.metadata.uid and not is_unwanted(each)]
    if replaces_others(run, mover):
        newer = [each for each in others if replaces_others(each, mover) and _age(each) > _age(run)]
        return max(newer, key=_age).metadata.name if newer else None
    token = mover.spec.trigger.manual if mover.spec.trigger is not None else None
    name = trigger_run_name(mover.metadata.name, token) if token is not None else run.metadata.name
    is_earlier = run.metadata.labels.get(ORIGIN_LABEL) == TRIGGER_ORIGIN and name != run.metadata.name
    keeps_order = mover.spec.concurrency_policy == "Queue"
    return name if is_earlier and not keeps_order and any(each.metadata.name == name for each in others) else None


def waits_behind(run: DataMoverRun, mover: DataMover, active: Iterable[DataMoverRun]) -> str | None:
    """The run that was created before this one and has not started either: it goes first."""
    if not waits_its_turn(run, mover):
        return None
    waiting = [each for each in active if _is_waiting(each, mover) and _age(each) < _age(run)]
    return min(waiting, key=_age).metadata.name if waiting else None


def _is_waiting(run: DataMoverRun, mover: DataMover) -> bool:
    has_begun = execution_of(run) is not None or claim_of(run) is not None
    return waits_its_turn(run, mover) and not has_begun and not is_unwanted(run)


def _age(run: DataMoverRun) -> tuple[str, str]:
    return run.metadata.creation_timestamp or "", run.metadata.name
