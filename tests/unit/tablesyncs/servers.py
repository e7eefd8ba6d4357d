"""PostgreSQL databases in memory: as much of logical replication as the operator decides by."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from datamover_operator.postgres.decoding import Transaction
from datamover_operator.postgres.definitions import (
    PublicationDefinition,
    PublishedTable,
    SubscriptionDefinition,
    TableDefinition,
)
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress
from datamover_operator.postgres.failure import DatabaseError, Failure, FailureKind, Side
from datamover_operator.postgres.state import (
    Column,
    Contents,
    DestinationState,
    Key,
    Publication,
    SequenceValue,
    Server,
    Size,
    Slot,
    SourceState,
    Subscription,
    Table,
    TableKey,
)
from datamover_operator.tablesyncs.plan.names import digest

COLUMNS = (Column("id", "integer", required=True), Column("item", "text"))
TABLE = Table(columns=COLUMNS, keys=(Key("pk", "p", ("id",)),), identity=("id",))
Hook = Callable[[str], None]


def gone(side: Side, action: str) -> DatabaseError:
    """The server does not answer."""
    return DatabaseError(Failure(FailureKind.UNREACHABLE, side, action, "", "connection refused"))


def refused(side: Side, action: str, kind: FailureKind, message: str) -> DatabaseError:
    """The server refuses the statement."""
    return DatabaseError(Failure(kind, side, action, "", message))


@dataclass
class Subscribed:
    """A subscription, with where it connects to, and whether it has missed changes.

    `has_no_worker`: the server has missed that the last one ended.
    """

    state: Subscription
    source: str
    applied: int = 0
    has_no_worker: bool = False


@dataclass
class Database:
    """One database of a server of its own.

    `theirs` are tables with rows that no sync has brought, `left` those with rows of a subscription that is gone.
    """

    host: str
    number: int
    tables: dict[TableKey, Table] = field(default_factory=dict)
    theirs: set[TableKey] = field(default_factory=set)
    left: set[TableKey] = field(default_factory=set)
    publications: dict[str, Publication] = field(default_factory=dict)
    slots: dict[str, Slot] = field(default_factory=dict)
    published: dict[str, tuple[TableKey, ...]] = field(default_factory=dict)
    subscriptions: dict[str, Subscribed] = field(default_factory=dict)
    position: int = 1000
    is_up: bool = True
    has_conflict: bool = False
    may_subscribe: bool = True
    version: int = 150000

    @property
    def server(self) -> Server:
        return Server(str(7000 + self.number), "5", "1", self.version, user="datamover")


@dataclass
class Servers:
    """The databases by host. `before` and `after` are called around every change, and may raise.

    `policy` is the sync's existingRows: what may happen to rows that are there already.
    """

    databases: dict[str, Database]
    before: Hook = lambda _: None
    after: Hook = lambda _: None
    changes: list[str] = field(default_factory=list)
    trials: list[str] = field(default_factory=list)
    policy: str = "Refuse"
    oids: int = 16000
    connections: int = 0
    most_connections: int = 0

    # what replicates by itself

    def replicate(self) -> None:
        """Every subscription that is enabled copies and applies whatever there is, or stops at an error."""
        for destination in self.databases.values():
            for name, each in destination.subscriptions.items():
                self._replicate(destination, name, each)

    def _replicate(self, destination: Database, name: str, each: Subscribed) -> None:
        source, found = self.databases.get(each.source), each.state
        for other in self.databases.values():
            slot = other.slots.get(found.slot_name)
            if slot is not None:
                other.slots[found.slot_name] = replace(slot, active=False)
        if source is None or not found.enabled or each.has_no_worker or not (source.is_up and destination.is_up):
            return
        slot = source.slots.get(found.slot_name)
        if slot is None or slot.lost:
            each.state = replace(found, apply_errors=found.apply_errors + 1, enabled=not found.disables_on_error)
            return
        assert "r" not in found.tables.values() or slot.confirmed <= each.applied, "changes are missing for ever"
        if destination.has_conflict and each.applied < source.position:
            each.state = replace(found, apply_errors=found.apply_errors + 1, enabled=not found.disables_on_error)
            return
        each.applied = source.position
        source.slots[found.slot_name] = replace(slot, active=True, confirmed=source.position, lag=0)
        each.state = replace(found, tables=dict.fromkeys(found.tables, "r"))
        destination.subscriptions[name] = each

    # what the operator does

    @asynccontextmanager
    async def source(self, endpoint: Endpoint) -> AsyncIterator[SourceSession]:
        async with self._connected("source", endpoint.host) as database:
            yield SourceSession(self, database)

    @asynccontextmanager
    async def destination(self, endpoint: Endpoint, source: SourceAddress) -> AsyncIterator[DestinationSession]:
        async with self._connected("destination", endpoint.host) as database:
            yield DestinationSession(self, database, source)

    @asynccontextmanager
    async def _connected(self, side: Side, host: str) -> AsyncIterator[Database]:
        if not self.databases[host].is_up:
            raise gone(side, "connect")
        self.connections += 1
        self.most_connections = max(self.connections, self.most_connections)
        try:
            yield self.databases[host]
        finally:
            self.connections -= 1

    @asynccontextmanager
    async def changing(self, side: Side, database: Database, action: str) -> AsyncIterator[None]:
        """Around a statement with an effect."""
        if not database.is_up:
            raise gone(side, action)
        self.before(action)
        self.changes.append(f"{action} at {database.host}")
        yield
        self.after(action)


@dataclass
class SourceSession:
    """datamover_operator.postgres.ports.Source."""

    servers: Servers
    here: Database

    async def state(self, name: str, sync_slots: str) -> SourceState:
        del sync_slots
        self._up("read the state")
        slots = {
            key: replace(slot, lag=self.here.position - slot.confirmed, retained=self.here.position - slot.confirmed)
            for key, slot in self.here.slots.items()
            if key.startswith(name)
        }
        publications = {key: each for key, each in self.here.publications.items() if key.startswith(name)}
        return SourceState(self.here.server, self.here.position, publications=publications, slots=slots)

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        self._up("look the tables up")
        return {key: self.here.tables[key] for key in keys if key in self.here.tables}

    async def filter_columns(self, table: PublishedTable) -> Sequence[str]:
        del table
        return ()

    async def publish(self, definitions: Sequence[PublicationDefinition]) -> None:
        async with self.servers.changing("source", self.here, "publish"):
            for each in definitions:
                state = digest(each.publish, each.tables)
                comment = f"{each.comment} state={state}"
                self.here.publications[each.name] = Publication(each.name, comment, state)
                self.here.published[each.name] = tuple(table.key for table in each.tables)

    async def drop_publications(self, names: Sequence[str]) -> None:
        async with self.servers.changing("source", self.here, "drop publications"):
            for name in names:
                self.here.publications.pop(name, None)
                self.here.published.pop(name, None)

    async def create_slot(self, name: str) -> None:
        async with self.servers.changing("source", self.here, "create slot"):
            if name in self.here.slots:
                raise refused("source", "create the slot", FailureKind.EXISTS, "it exists")
            self.here.slots[name] = Slot(confirmed=self.here.position)

    async def wake_subscriber(self) -> None:
        self._up("wake the subscriber")
        self.servers.trials.append("wake the subscriber")

    async def first_transaction(self, name: str, publications: Sequence[str], after: int) -> Transaction | None:
        del name, publications, after
        return None

    async def sequences(self, keys: Iterable[TableKey]) -> Sequence[SequenceValue]:
        return [SequenceValue(key, "id", 1) for key in keys]

    async def contents(self, table: PublishedTable, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        del table, columns, is_partitioned
        return Contents(1, "1")

    async def drop_slots(self, names: Sequence[str]) -> None:
        async with self.servers.changing("source", self.here, "drop slots"):
            for name in names:
                self.here.slots.pop(name, None)

    def _up(self, action: str) -> None:
        if not self.here.is_up:
            raise gone("source", action)


@dataclass
class DestinationSession:
    """datamover_operator.postgres.ports.Destination."""

    servers: Servers
    here: Database
    address: SourceAddress

    async def state(self, name: str, keys: Iterable[TableKey]) -> DestinationState:
        self._up("read the state")
        found = self.here.subscriptions.get(name)
        sizes = {key: Size(10, 8192) for key in keys if key in self.here.tables}
        return DestinationState(
            self.here.server,
            can_subscribe=self.here.may_subscribe,
            subscription=found.state if found is not None else None,
            sizes=sizes,
        )

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        self._up("look the tables up")
        copied = {key for each in self.here.subscriptions.values() for key in each.state.tables}
        return {
            key: replace(self.here.tables[key], has_rows=key in copied | self.here.theirs | self.here.left)
            for key in keys
            if key in self.here.tables
        }

    async def try_source(self) -> None:
        self.servers.trials.append("reach the source")
        self._up("reach the source from the destination server")

    async def try_table(self, definition: TableDefinition) -> None:
        del definition

    async def create_tables(self, definitions: Sequence[TableDefinition]) -> None:
        async with self.servers.changing("destination", self.here, "create tables"):
            for each in definitions:
                if each.key in self.here.tables:
                    raise refused("destination", "create the tables", FailureKind.EXISTS, "it exists")
                self.here.tables[each.key] = Table(columns=each.columns, keys=each.keys, identity=("id",))

    async def create_subscription(self, definition: SubscriptionDefinition) -> None:
        async with self.servers.changing("destination", self.here, "create subscription"):
            if definition.name in self.here.subscriptions:
                raise refused("destination", "create the subscription", FailureKind.EXISTS, "it exists")
            self.servers.oids += 1
            state = Subscription(
                self.servers.oids,
                definition.comment,
                enabled=False,
                slot_name=definition.slot,
                publications=definition.publications,
                disables_on_error=True,
            )
            self.here.subscriptions[definition.name] = Subscribed(state, self.address.endpoint.host)

    async def set_connection(self, name: str, comment: str) -> None:
        await self._alter(name, "set connection", comment=comment)
        self.here.subscriptions[name].source = self.address.endpoint.host

    async def enable(self, name: str) -> None:
        await self._alter(name, "enable", enabled=True)
        self.here.subscriptions[name].has_no_worker = False

    async def disable(self, name: str) -> None:
        await self._alter(name, "disable", enabled=False)

    async def set_disable_on_error(self, name: str, *, disable: bool) -> None:
        await self._alter(name, "set disable_on_error", disables_on_error=disable)

    async def skip(self, name: str, position: int) -> None:
        await self._alter(name, "skip", skip_position=position)

    async def refresh(self, name: str, empty: Sequence[TableKey]) -> None:
        each = self._subscription(name)
        source = self.servers.databases[each.source]
        if not source.is_up:
            raise refused("destination", "refresh", FailureKind.REFUSED, "could not connect to the publisher")
        keys = {key for name in each.state.publications for key in source.published.get(name, ())}
        fresh = keys - each.state.tables.keys()
        filled = self.here.theirs | self.here.left
        assert self.servers.policy == "Keep" or not filled & (fresh - set(empty)), "copies into rows"
        assert self.servers.policy == "Truncate" or not self.here.theirs & set(empty), "removes what is not its own"
        self.here.theirs -= set(empty)
        self.here.left -= set(empty)
        tables = {key: each.state.tables.get(key, "i") for key in keys}
        await self._alter(name, "refresh", tables=tables)

    async def applied(self, subscription_id: int) -> int:
        del subscription_id
        return 0

    async def set_sequences(self, values: Sequence[SequenceValue]) -> None:
        async with self.servers.changing("destination", self.here, f"set {len(values)} sequences"):
            pass

    async def contents(self, key: TableKey, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        del key, columns, is_partitioned
        return Contents(1, "1")

    async def drop_subscription(self, name: str) -> None:
        async with self.servers.changing("destination", self.here, "drop subscription"):
            found = self.here.subscriptions.pop(name, None)
            if found is not None:
                self.here.left |= found.state.tables.keys()

    async def _alter(self, name: str, action: str, **change: object) -> None:
        async with self.servers.changing("destination", self.here, action):
            each = self._subscription(name)
            each.state = replace(each.state, **change)  # type: ignore[arg-type] # by the callers above

    def _subscription(self, name: str) -> Subscribed:
        found = self.here.subscriptions.get(name)
        if found is None:
            raise refused("destination", "alter the subscription", FailureKind.NOT_FOUND, "it does not exist")
        return found

    def _up(self, action: str) -> None:
        if not self.here.is_up:
            raise gone("destination", action)
