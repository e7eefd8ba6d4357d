"""What deletion does: the subscription, the slot that it used, the publications. Each may be gone already.

A slot that is left keeps the source's write-ahead log until its disk is full, so the finalizer stays until it is gone.
Rows stay. A side that is out of reach does not keep the other one from being cleaned.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_operator.postgres.failure import Side
from datamover_operator.tablesyncs.plan.by_hand import at_destination, at_former, at_source
from datamover_operator.tablesyncs.plan.ends import all_retired, newly_retired, recorded
from datamover_operator.tablesyncs.plan.known import annotated
from datamover_operator.tablesyncs.plan.names import is_ours
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import (
    DropPublications,
    DropSlots,
    DropSubscription,
    Plan,
    Record,
    RemoveFinalizer,
    Step,
)

_AGAIN = timedelta(seconds=30)
_CLEAN_POLL = timedelta(seconds=10)


def plan_deletion(o: Observed, now: datetime) -> Plan:
    """What to do next for a sync that is being deleted."""
    if not o.finalizer:
        return Plan()
    if o.sync.spec.deletion_policy == "Retain":
        return _do(o, now, RemoveFinalizer())
    if newly_retired(o) or (annotated(o.sync) is not None and o.known.retired != all_retired(o)):
        # The spec names another database, and nothing could be set up there: the former one has it all.
        return _do(o, now, Record(), recorded(o))
    steps = leftovers(o)
    if steps and not o.failures:
        return _do(o, now, steps[0])
    reached = {side for side, state in (("source", o.source), ("destination", o.destination)) if state is not None}
    untouched = [step for step in steps if _side(step) not in {failure.side for failure in o.failures}]
    if untouched:
        return _do(o, now, untouched[0])
    if len(reached) == 2 and not steps and not o.retired:  # noqa: PLR2004 - both sides
        return _do(o, now, RemoveFinalizer())
    again_at = now + (_CLEAN_POLL if o.retired else _AGAIN)
    return Plan(again_at=again_at, conditions=o.conditions(now).stalled("DeletionBlocked", _blocked(o, steps)))


def leftovers(o: Observed) -> tuple[Step, ...]:
    """What is to be removed from the sides that were reached, in order."""
    return (*_at_destination(o), *_at_source(o))


def _at_destination(o: Observed) -> tuple[Step, ...]:
    found = o.subscription
    return (DropSubscription(o.name),) if found is not None and is_ours(found.comment, o.identity) else ()


def _at_source(o: Observed) -> tuple[Step, ...]:
    if o.source is None:
        return ()
    slots = (*o.source.slots, *o.source.sync_slots)
    if slots:
        return (DropSlots(slots),)
    ours = tuple(name for name, found in o.source.publications.items() if is_ours(found.comment, o.identity))
    return (DropPublications(ours),) if ours else ()


def _side(step: Step) -> Side:
    return "destination" if isinstance(step, DropSubscription) else "source"


def _blocked(o: Observed, steps: tuple[Step, ...]) -> str:
    reasons = [*(finding.message for finding in o.findings), *map(str, o.failures)]
    by_hand = []
    if o.destination is None or any(_side(step) == "destination" for step in steps):
        by_hand.append(f"at the destination: {at_destination(o)}")
    if o.source is None or any(_side(step) == "source" for step in steps):
        by_hand.append(f"at the source: {at_source(o)}")
    by_hand += [
        f"at the former {each.side} {each.end.host}:{each.end.port}/{each.end.database}: {at_former(o, each)}"
        for each in o.retired
    ]
    return (
        f"deletion has been waiting since {o.sync.metadata.deletion_timestamp}: {'; '.join(reasons)}; to let the "
        f"object go, set spec.deletionPolicy to Retain, and type by hand what removes the rest, {'; '.join(by_hand)}"
    )


def _do(o: Observed, now: datetime, *steps: Step) -> Plan:
    conditions = o.conditions(now).progressing("Deleting", "removing the subscription, the slot and the publications")
    return Plan(steps=steps, conditions=conditions)
