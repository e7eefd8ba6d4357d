"""How far a sync is that has nothing to be set up: its phase, its conditions, and when to look again."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import SyncPhase, from_duration
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import Plan

POLL = timedelta(seconds=2)
"""How often a copy is looked at."""
_COPYING = frozenset({"i", "d", "f", "s"})


def phase_of(o: Observed) -> SyncPhase:
    """Where the sync is by what the databases say."""
    found = o.destination.subscription if o.destination is not None else None
    if found is None or not found.tables:
        return "Pending"
    if any(state in "idf" for state in found.tables.values()):
        return "Copying"
    if any(state != "r" for state in found.tables.values()):
        return "CatchingUp"
    return "Streaming"


def plan_progress(o: Observed, now: datetime) -> Plan:
    """Tell how far it is."""
    phase = phase_of(o)
    if phase == "Streaming":
        conditions = o.conditions(now).ready("changes of the source follow")
        return Plan(again_at=now + from_duration(o.sync.spec.sync_interval), conditions=conditions)
    found = o.destination.subscription if o.destination is not None else None
    states = list(found.tables.values()) if found is not None else []
    ready = sum(state == "r" for state in states)
    message = f"{ready} of {len(states)} tables copied"
    return Plan(again_at=now + POLL, conditions=o.conditions(now).progressing(phase, message))
