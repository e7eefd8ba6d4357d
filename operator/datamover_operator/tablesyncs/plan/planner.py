"""The plan for a sync: the first stage that has something to do, or to wait for, makes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from datamover_operator.controller.plan.conditions import Conditions
from datamover_operator.controller.plan.notes import Note
from datamover_operator.postgres.failure import FailureKind
from datamover_operator.tablesyncs.plan.changes import changes
from datamover_operator.tablesyncs.plan.completion import plan_comparison, plan_completed, plan_completion
from datamover_operator.tablesyncs.plan.deletion import plan_deletion
from datamover_operator.tablesyncs.plan.ends import is_recorded, recorded, too_many
from datamover_operator.tablesyncs.plan.observed import Finding, Observed
from datamover_operator.tablesyncs.plan.preconditions import findings, foreign
from datamover_operator.tablesyncs.plan.progress import plan_progress
from datamover_operator.tablesyncs.plan.running import keeps_too_much, retained, running
from datamover_operator.tablesyncs.plan.steps import (
    AddFinalizer,
    Disable,
    DropSlots,
    Inspect,
    Plan,
    Record,
    Step,
)

SLOW_RETRY = timedelta(minutes=1)
"""How soon what somebody has to mend in a database is looked at again."""
SECRET_RETRY = timedelta(seconds=30)
"""The same for what has to be mended in a Secret."""
_SETTING_UP = "setting up replication"

Stage = Callable[[Observed, datetime], Plan | None]


def plan_sync(o: Observed, now: datetime) -> Plan:
    """What to do next for a sync."""
    if o.is_going:
        return plan_deletion(o, now)
    for stage in STAGES:
        plan = stage(o, now)
        if plan is not None:
            return plan
    return plan_progress(o, now)


def _readable(o: Observed, now: datetime) -> Plan | None:
    if not o.problem:
        return None
    return Plan(conditions=o.conditions(now).stalled("InvalidObject", o.problem))


def _usable(o: Observed, now: datetime) -> Plan | None:
    return _stalled(o, now, SECRET_RETRY, *o.findings)


def _bounded(o: Observed, now: datetime) -> Plan | None:
    """Give up a slot that keeps too much, where the spec says so: also where the destination is out of reach."""
    is_blind = any(failure.side == "source" for failure in o.failures)
    if o.sync.spec.on_retained_wal_exceeded != "Drop" or not keeps_too_much(o) or is_blind:
        return None
    disable = (Disable(o.name),) if o.subscription is not None and o.subscription.enabled else ()
    message = (
        f"the source kept {retained(o):,} bytes of write-ahead log, more than spec.maxRetainedWal "
        f"({o.sync.spec.max_retained_wal}): the replication slot is dropped, as spec.onRetainedWalExceeded says"
    )
    note = Note("SlotDropped", message, warning=True)
    return Plan(steps=(*disable, DropSlots((o.slot_name,))), conditions=_setting_up(o, now), notes=(note,))


def _without_failures(o: Observed, now: datetime) -> Plan | None:
    if not o.failures:
        return None
    worst = min(o.failures, key=lambda failure: failure.kind.passes)
    message = "; ".join(map(str, o.failures))
    if worst.kind is FailureKind.TIMEOUT and o.source is not None and o.slot is None:
        message += _open_transactions(o.source.oldest_transaction)
    if worst.kind.passes:
        reason = f"{worst.side.title()}Unreachable" if worst.kind is FailureKind.UNREACHABLE else worst.kind.value
        return Plan(retry=True, conditions=o.conditions(now).progressing(reason, message))
    is_denied = worst.kind is FailureKind.DENIED
    reason = "AccessDenied" if is_denied else f"{worst.side.title()}{worst.kind.value}"
    return _stalled(o, now, SECRET_RETRY if is_denied else SLOW_RETRY, Finding(reason, message))


def _open_transactions(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"; the slot waits for a transaction that has been open at the source for {seconds:.0f} s"


def _own(o: Observed, now: datetime) -> Plan | None:
    found = foreign(o)
    return _stalled(o, now, SLOW_RETRY, found) if found is not None else None


def _suspended(o: Observed, now: datetime) -> Plan | None:
    """Whatever else stands in the way: nothing is replicated any more."""
    is_enabled = o.subscription is not None and o.subscription.enabled
    return _do(o, now, Disable(o.name)) if o.sync.spec.suspend and is_enabled else None


def _inspected(o: Observed, now: datetime) -> Plan | None:
    """Nothing is created or altered before the catalogues were read."""
    return _do(o, now, Inspect()) if o.catalogue is None and changes(o) else None


def _allowed(o: Observed, now: datetime) -> Plan | None:
    if not changes(o):
        return None
    found = too_many(o)
    return _stalled(o, now, SLOW_RETRY, *((found,) if found is not None else findings(o)))


def _held(o: Observed, now: datetime) -> Plan | None:
    """From the first write to a database on, the object stays until what was made is gone, and names the databases.

    The status comes first: once the annotation names the databases, what it tells of a copy counts for them.
    """
    if not o.finalizer:
        return _do(o, now, AddFinalizer()) if changes(o) else None
    if o.source is None or o.destination is None or is_recorded(o):
        return None
    return _do(o, now, Record(), recorded(o))


def _changed(o: Observed, now: datetime) -> Plan | None:
    steps = changes(o)
    return _do(o, now, *steps) if steps else None


def _runs(o: Observed, now: datetime) -> Plan | None:
    steps = running(o, now)
    return _do(o, now, *steps) if steps else None


STAGES: tuple[Stage, ...] = (
    _readable,
    plan_completed,
    plan_comparison,
    _usable,
    _bounded,
    _without_failures,
    _own,
    _suspended,
    _inspected,
    _allowed,
    _held,
    _changed,
    _runs,
    plan_completion,
)


def _stalled(o: Observed, now: datetime, wait: timedelta, *found: Finding) -> Plan | None:
    if not found:
        return None
    message = "; ".join(each.message for each in found)
    return Plan(again_at=now + wait, conditions=o.conditions(now).stalled(found[0].reason, message))


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    return Plan(steps=steps, conditions=_setting_up(o, now))


def _setting_up(o: Observed, now: datetime) -> Conditions:
    return o.conditions(now).progressing("SettingUp", _SETTING_UP)
