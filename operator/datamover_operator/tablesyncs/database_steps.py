"""Carries out the steps that touch the databases. They raise DatabaseError."""

from __future__ import annotations

from contextlib import suppress
from typing import assert_never

from datamover_operator.postgres.failure import DatabaseError, Failure
from datamover_operator.postgres.ports import Destination, Source
from datamover_operator.postgres.state import from_position, to_position
from datamover_operator.tablesyncs.gather import Ends
from datamover_operator.tablesyncs.plan.observed import shown
from datamover_operator.tablesyncs.plan.steps import (
    CreateSlot,
    CreateSubscription,
    CreateTables,
    DestinationStep,
    Disable,
    DropPublications,
    DropSlots,
    DropSubscription,
    Enable,
    FindTransaction,
    Publish,
    Refresh,
    SetConnection,
    SetDisableOnError,
    SetSequences,
    Skip,
    SourceStep,
    Wake,
)

_MOST_TABLES = 100


async def change(ends: Ends, step: SourceStep | DestinationStep) -> None:
    """Carry out one step, where its side was reached."""
    if isinstance(step, SourceStep):
        if ends.source is not None:
            await _at_source(ends.source, step)
    elif ends.destination is not None:
        await _at_destination(ends.destination, step)
        if isinstance(step, Refresh) and ends.source is not None:
            with suppress(DatabaseError):  # it saves a second, no more
                await ends.source.wake_subscriber()


async def _at_source(source: Source, step: SourceStep) -> None:
    match step:
        case Publish(definitions):
            await source.publish(definitions)
        case CreateSlot(name):
            await source.create_slot(name)
        case DropSlots(names):
            await source.drop_slots(names)
        case DropPublications(names):
            await source.drop_publications(names)
        case _:
            assert_never(step)


async def _at_destination(destination: Destination, step: DestinationStep) -> None:
    match step:
        case CreateTables(definitions):
            await destination.create_tables(definitions)
        case CreateSubscription(definition):
            await destination.create_subscription(definition)
        case SetConnection(name, comment):
            await destination.set_connection(name, comment)
        case Enable(name) | Wake(name):
            await destination.enable(name)
        case Disable(name):
            await destination.disable(name)
        case Refresh(name, empty):
            await destination.refresh(name, empty)
        case SetDisableOnError(name, disable):
            await destination.set_disable_on_error(name, disable=disable)
        case Skip(name, position):
            await destination.skip(name, to_position(position))
        case DropSubscription(name):
            await destination.drop_subscription(name)
        case _:
            assert_never(step)


async def set_sequences(ends: Ends, step: SetSequences) -> Failure | None:
    """Give the destination's sequences the source's values; return what failed."""
    if ends.source is None or ends.destination is None:
        return None
    try:
        values = await ends.source.sequences(step.keys)
        if values:
            await ends.destination.set_sequences(values)
    except DatabaseError as error:
        return error.failure
    return None


async def find_transaction(ends: Ends, step: FindTransaction) -> dict[str, object]:
    """What the status says of the transaction that can't be applied; nothing where it can't be told."""
    if ends.source is None or ends.destination is None:
        return {}
    try:
        applied = await ends.destination.applied(step.subscription_id)
        found = await ends.source.first_transaction(step.name, step.publications, applied)
    except DatabaseError:
        return {}
    if found is None:
        return {}
    tables = tuple(sorted(map(shown, found.tables)))[:_MOST_TABLES]
    return {"transaction": from_position(found.position), "tables": tables}
