"""What reconcilers may ask of databases. Every method is one look or one step; all raise DatabaseError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from datamover_operator.postgres.decoding import Transaction
from datamover_operator.postgres.definitions import (
    PublicationDefinition,
    PublishedTable,
    SubscriptionDefinition,
    TableDefinition,
)
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress
from datamover_operator.postgres.state import (
    Contents,
    DestinationState,
    SequenceValue,
    SourceState,
    Table,
    TableKey,
)


class Source(Protocol):
    """A session at the database that tables are read from."""

    async def state(self, name: str, sync_slots: str) -> SourceState:
        """Look at what is there. `sync_slots` is a LIKE pattern of the slots that copies of ours use."""
        ...

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        """Look tables up in the catalogue; those that do not exist are left out."""
        ...

    async def filter_columns(self, table: PublishedTable) -> Sequence[str]:
        """Try a table's filter, without effect; return the columns in it that its replica identity lacks."""
        ...

    async def publish(self, definitions: Sequence[PublicationDefinition]) -> None:
        """Make all these publications what they are said to be, at once: no change is published by none of them."""
        ...

    async def drop_publications(self, names: Sequence[str]) -> None:
        """Drop publications, if they are there."""
        ...

    async def create_slot(self, name: str) -> None:
        """Create the replication slot; the server waits for transactions that are open."""
        ...

    async def wake_subscriber(self) -> None:
        """Have workers of subscriptions look around now: up to version 15 they may see new tables a second late."""
        ...

    async def first_transaction(self, name: str, publications: Sequence[str], after: int) -> Transaction | None:
        """The first transaction after a position that a slot keeps; nobody may use the slot meanwhile."""
        ...

    async def sequences(self, keys: Iterable[TableKey]) -> Sequence[SequenceValue]:
        """Read the sequences that columns of these tables take their values from, if they were used."""
        ...

    async def contents(self, table: PublishedTable, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        """Count and sum up what of a table is published; no columns: count alone."""
        ...

    async def drop_slots(self, names: Sequence[str]) -> None:
        """End who uses these slots, and drop them."""
        ...


class Destination(Protocol):
    """A session at the database that tables are written to."""

    async def state(self, name: str, keys: Iterable[TableKey]) -> DestinationState:
        """Look at what is there."""
        ...

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        """Look tables up in the catalogue, and whether they have rows; those that do not exist are left out."""
        ...

    async def try_source(self) -> None:
        """See that this server reaches the source, without effect."""
        ...

    async def try_table(self, definition: TableDefinition) -> None:
        """See that a table can be created, without effect."""
        ...

    async def create_tables(self, definitions: Sequence[TableDefinition]) -> None:
        """Create tables, all or none."""
        ...

    async def create_subscription(self, definition: SubscriptionDefinition) -> None:
        """Create the subscription, not enabled and without a look at the source."""
        ...

    async def set_connection(self, name: str, comment: str) -> None:
        """Have the subscription connect to the source as it is reached now."""
        ...

    async def enable(self, name: str) -> None:
        """Start replicating."""
        ...

    async def disable(self, name: str) -> None:
        """Stop replicating."""
        ...

    async def set_disable_on_error(self, name: str, *, disable: bool) -> None:
        """Say whether the subscription is disabled at an error, or tries again every few seconds."""
        ...

    async def skip(self, name: str, position: int) -> None:
        """Pass over the transaction that finishes at a position, if it comes next."""
        ...

    async def refresh(self, name: str, empty: Sequence[TableKey]) -> None:
        """Take in which tables are published, and copy those that are new; those in `empty` lose their rows first."""
        ...

    async def applied(self, subscription_id: int) -> int:
        """The source's position up to which everything has been applied, confirmed or not; for superusers alone."""
        ...

    async def set_sequences(self, values: Sequence[SequenceValue]) -> None:
        """Set the sequences of the same columns to these values."""
        ...

    async def contents(self, key: TableKey, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        """Count and sum up a table's rows; no columns: count alone."""
        ...

    async def drop_subscription(self, name: str) -> None:
        """Drop the subscription and leave its slots: nothing is asked of the source, which may be out of reach."""
        ...


class Databases(Protocol):
    """Opens sessions; each is closed at its context's end."""

    def source(self, endpoint: Endpoint) -> AbstractAsyncContextManager[Source]:
        """Connect to a source."""
        ...

    def destination(self, endpoint: Endpoint, source: SourceAddress) -> AbstractAsyncContextManager[Destination]:
        """Connect to a destination, whose subscriptions connect to `source`."""
        ...
