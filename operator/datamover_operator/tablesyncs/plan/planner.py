"""The plan for a sync: the first stage that has something to do, or to wait for, makes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from datamover_operator.postgres.failure import FailureKind
from datamover_operator.tablesyncs.plan.changes import changes
from datamover_operator.tablesyncs.plan.deletion import plan_deletion
from datamover_operator.tablesyncs.plan.observed import Finding, Observed
from datamover_operator.tablesyncs.plan.preconditions import findings, foreign
from datamover_operator.tablesyncs.plan.progress import plan_progress
from datamover_operator.tablesyncs.plan.steps import Inspect, Plan, Step

SLOW_RETRY = timedelta(minutes=1)
"""How soon what somebody has to mend in a database, or in a Secret, is looked at again."""
_SETTING_UP = "setting up replication"

Stage = Callable[[Observed, datetime], Plan | None]


def plan_sync(o: Observed, now: datetime) -> Plan:
    """What to do next for a sync."""
    if o.is_going:
        return plan_deletion(o, now)
    for stage in (_readable, _usable, _without_failures, _own, _inspected, _allowed, _changed):
        plan = stage(o, now)
        if plan is not None:
            return plan
    return plan_progress(o, now)


def _readable(o: Observed, now: datetime) -> Plan | None:
    if not o.problem:
        return None
    return Plan(conditions=o.conditions(now).stalled("InvalidObject", o.problem))


def _usable(o: Observed, now: datetime) -> Plan | None:
    return _stalled(o, now, *o.findings)


def _without_failures(o: Observed, now: datetime) -> Plan | None:
    if not o.failures:
        return None
    worst = min(o.failures, key=lambda failure: failure.kind.passes)
    message = "; ".join(map(str, o.failures))
    if worst.kind.passes:
        reason = f"{worst.side.title()}Unreachable" if worst.kind is FailureKind.UNREACHABLE else worst.kind.value
        return Plan(retry=True, conditions=o.conditions(now).progressing(reason, message))
    reason = "AccessDenied" if worst.kind is FailureKind.DENIED else f"{worst.side.title()}{worst.kind.value}"
    return _stalled(o, now, Finding(reason, message))


def _own(o: Observed, now: datetime) -> Plan | None:
    found = foreign(o)
    return _stalled(o, now, found) if found is not None else None


def _inspected(o: Observed, now: datetime) -> Plan | None:
    """Nothing is created or altered before the catalogues were read."""
    if o.catalogue is not None or not changes(o):
        return None
    return _do(o, now, Inspect())


def _allowed(o: Observed, now: datetime) -> Plan | None:
    return _stalled(o, now, *findings(o))


def _changed(o: Observed, now: datetime) -> Plan | None:
    steps = changes(o)
    return _do(o, now, *steps) if steps else None


def _stalled(o: Observed, now: datetime, *found: Finding) -> Plan | None:
    if not found:
        return None
    message = "; ".join(each.message for each in found)
    return Plan(again_at=now + SLOW_RETRY, conditions=o.conditions(now).stalled(found[0].reason, message))


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    return Plan(steps=steps, conditions=o.conditions(now).progressing("SettingUp", _SETTING_UP))
