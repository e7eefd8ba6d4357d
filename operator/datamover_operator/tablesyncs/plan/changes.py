"""What is missing in the databases, or is not as the spec says: one step at a time, in the order of dependence.

Publications come first, for what is published without a slot costs nothing; then the slot, which keeps what happens
from then on; then the destination's tables, the subscription without a connection, and its tables' copy.
"""

from __future__ import annotations

from datamover_crds import SyncEnd
from datamover_operator.postgres.failure import Side
from datamover_operator.postgres.state import DestinationState, SourceState, Subscription, TableKey
from datamover_operator.tablesyncs.plan.desired import publications, resync_stamp, subscription
from datamover_operator.tablesyncs.plan.names import stamp
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import (
    CreateSlot,
    CreateSubscription,
    CreateTables,
    DropSlots,
    DropSubscription,
    Publish,
    Refresh,
    SetConnection,
    Step,
)
from datamover_operator.tablesyncs.plan.tables import missing_tables


def changes(o: Observed) -> tuple[Step, ...]:
    """The next step; none where all is as it should be."""
    if o.source is None or o.destination is None:
        return ()
    for steps in (
        _replace(o, o.source, o.destination),
        _publish(o, o.source),
        _slot(o),
        _tables(o, o.destination),
        _subscribe(o, o.source, o.destination),
        _connect(o, o.destination),
        _copy(o, o.destination),
    ):
        if steps:
            return steps
    return ()


def wants_resync(o: Observed) -> bool:
    """Whether a resync token asks for a new copy that has not begun."""
    token, found = o.sync.spec.resync, o.subscription
    if token is None:
        return False
    if found is None:
        return token != o.sync.status.last_resync
    return stamp(found.comment, "resync") != resync_stamp(token)


def resync_of(o: Observed) -> str | None:
    """The token that the present subscription was made for."""
    token, found = o.sync.spec.resync, o.subscription
    return token if found is not None and _is_made_for_a_token(o, found) else None


def is_elsewhere(o: Observed) -> bool:
    """Whether the spec names another database than the one that was worked in before, on either side."""
    known = (
        (o.known.source, o.source.server.id if o.source is not None else None),
        (o.known.destination, o.destination.server.id if o.destination is not None else None),
    )
    return any(end is not None and found is not None and end.id != found for end, found in known)


def serves(o: Observed) -> bool:
    """Whether the subscription is the one that is wanted: to this source, and for the present resync token."""
    found = o.subscription
    is_there = found is not None and o.source is not None and stamp(found.comment, "source") == o.source.server.id
    return is_there and not wants_resync(o)


def was_copied(o: Observed) -> bool:
    """Whether this sync has copied into these tables before: the rows there are its own."""
    status = o.sync.status
    told: dict[Side, SyncEnd | None] = {"source": status.source, "destination": status.destination}
    is_told_here = all(side in o.ends and end is not None and end.id == o.ends[side].id for side, end in told.items())
    return status.copy_start_time is not None and is_told_here and not is_elsewhere(o)


def emptied(o: Observed) -> tuple[TableKey, ...]:
    """The tables that lose their rows before they are copied."""
    found = o.subscription
    known = found.tables if found is not None and serves(o) else {}
    is_resync = wants_resync(o) or (found is not None and not known and _is_made_for_a_token(o, found))
    if o.sync.spec.existing_rows == "Truncate" or (
        o.sync.spec.existing_rows == "Refuse" and is_resync and was_copied(o)
    ):
        return tuple(key for key in o.keys if is_resync or key not in known)
    return ()


def _is_made_for_a_token(o: Observed, found: Subscription) -> bool:
    token = o.sync.spec.resync
    return token is not None and stamp(found.comment, "resync") == resync_stamp(token)


def _replace(o: Observed, source: SourceState, destination: DestinationState) -> tuple[Step, ...]:
    """A subscription to another source, or for an older token, goes.

    Its slot serves the next one: what it has kept from before a table's copy is passed over. One that another
    destination used, or that is lost, goes with the slots of copies that were interrupted.
    """
    if destination.subscription is not None:
        return () if serves(o) else (DropSubscription(o.name),)
    useless = tuple(name for name, slot in source.slots.items() if name != o.slot_name or slot.lost)
    slots = (*useless, *source.sync_slots)
    return (DropSlots(slots),) if slots else ()


def _publish(o: Observed, source: SourceState) -> tuple[Step, ...]:
    """A publication is as it was made where its digest is the one in its comment, and that names what is wanted."""
    definitions = publications(o.sync, o.identity)
    for definition in definitions:
        found = source.publications.get(definition.name)
        if found is None or not found.comment.startswith(f"{definition.comment} "):
            return (Publish(definitions),)
        if stamp(found.comment, "state") != found.digest:
            return (Publish(definitions),)
    return ()


def _slot(o: Observed) -> tuple[Step, ...]:
    """A slot that a subscription has copied by is never made anew: what it had kept would be missing."""
    if o.slot is not None or (o.subscription is not None and o.subscription.tables):
        return ()
    return (CreateSlot(o.slot_name),)


def _tables(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    if set(o.keys) <= destination.sizes.keys():
        return ()
    return (CreateTables(missing_tables(o, o.catalogue) if o.catalogue is not None else ()),)


def _subscribe(o: Observed, source: SourceState, destination: DestinationState) -> tuple[Step, ...]:
    if destination.subscription is not None:
        return ()
    return (CreateSubscription(subscription(o, source.server.id)),)


def _connect(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    found = destination.subscription
    if found is None or stamp(found.comment, "connection") == o.connection:
        return ()
    comment = found.comment.replace(f"connection={stamp(found.comment, 'connection')}", f"connection={o.connection}")
    return (SetConnection(o.name, comment),)


def _copy(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    """Which tables there are is asked of the source, which only an enabled subscription may do."""
    found = destination.subscription
    if found is None or not found.enabled or o.slot is None or set(found.tables) == set(o.keys):
        return ()
    return (Refresh(o.name, emptied(o)),)
