"""What is missing in the databases, or is not as the spec says: one step at a time, in the order of dependence.

Publications come first, for what is published without a slot costs nothing; then the slot, which keeps what happens
from then on; then the destination's tables, the subscription without a connection, and its start.
"""

from __future__ import annotations

from datamover_operator.postgres.state import DestinationState, SourceState
from datamover_operator.tablesyncs.plan.desired import publications, subscription
from datamover_operator.tablesyncs.plan.names import stamp
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.plan.steps import (
    CreateSlot,
    CreateSubscription,
    CreateTables,
    Enable,
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
        _publish(o, o.source),
        _slot(o, o.source),
        _tables(o, o.destination),
        _subscribe(o, o.destination),
        _connect(o, o.destination),
        _start(o, o.destination),
    ):
        if steps:
            return steps
    return ()


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


def _slot(o: Observed, source: SourceState) -> tuple[Step, ...]:
    return () if source.slot is not None else (CreateSlot(o.name),)


def _tables(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    if set(o.keys) <= destination.sizes.keys():
        return ()
    return (CreateTables(missing_tables(o, o.catalogue) if o.catalogue is not None else ()),)


def _subscribe(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    if destination.subscription is not None:
        return ()
    definition = subscription(o.identity, o.connection, o.sync.spec.resync)
    empty = o.keys if o.sync.spec.existing_rows == "Truncate" else ()
    return (CreateSubscription(definition, empty),)


def _connect(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    found = destination.subscription
    if found is None or stamp(found.comment, "connection") == o.connection:
        return ()
    comment = found.comment.replace(f"connection={stamp(found.comment, 'connection')}", f"connection={o.connection}")
    return (SetConnection(o.name, comment),)


def _start(o: Observed, destination: DestinationState) -> tuple[Step, ...]:
    found = destination.subscription
    if found is None:
        return ()
    if not found.enabled:
        return (Enable(o.name),)
    return (Refresh(o.name),) if set(found.tables) != set(o.keys) else ()
