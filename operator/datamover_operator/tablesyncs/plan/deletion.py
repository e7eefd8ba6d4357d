"""What deletion does: the subscription, the slot that it used, the publications. Each may be gone already.

A slot that is left keeps the source's write-ahead log until its disk is full, so the finalizer stays until it is gone.
Rows stay.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_operator.tablesyncs.plan.names import is_ours
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import (
    DropPublications,
    DropSlots,
    DropSubscription,
    Plan,
    RemoveFinalizer,
    Step,
)

WAY_OUT = "set spec.deletionPolicy to Retain to let the object go"
_AGAIN = timedelta(seconds=30)


def plan_deletion(o: Observed, now: datetime) -> Plan:
    """What to do next for a sync that is being deleted."""
    if not o.finalizer:
        return Plan()
    if o.sync.spec.deletion_policy == "Retain":
        return _do(o, now, RemoveFinalizer())
    steps = (*_at_destination(o), *_at_source(o))
    if steps:
        return _do(o, now, *steps[:1])
    blocked = [*(finding.message for finding in o.findings), *map(str, o.failures)]
    if blocked or o.source is None or o.destination is None:
        message = (
            f"deletion has been waiting since {o.sync.metadata.deletion_timestamp}: {'; '.join(blocked)}; {WAY_OUT}"
        )
        return Plan(again_at=now + _AGAIN, conditions=o.conditions(now).stalled("DeletionBlocked", message))
    return _do(o, now, RemoveFinalizer())


def _at_destination(o: Observed) -> tuple[Step, ...]:
    found = o.destination.subscription if o.destination is not None else None
    return (DropSubscription(o.name),) if found is not None and is_ours(found.comment, o.identity) else ()


def _at_source(o: Observed) -> tuple[Step, ...]:
    if o.source is None:
        return ()
    slots = (*((o.name,) if o.source.slot is not None else ()), *o.source.sync_slots)
    if slots:
        return (DropSlots(slots),)
    ours = tuple(name for name, found in o.source.publications.items() if is_ours(found.comment, o.identity))
    return (DropPublications(ours),) if ours else ()


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    conditions = o.conditions(now).progressing("Deleting", "removing the subscription, the slot and the publications")
    return Plan(steps=steps, conditions=conditions)
