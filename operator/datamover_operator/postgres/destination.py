"""What the operator does at a destination. Each method is one look or one step, and raises DatabaseError."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import LiteralString

from psycopg import sql
from psycopg.conninfo import make_conninfo

from datamover_operator.postgres import translate
from datamover_operator.postgres.comparing import contents
from datamover_operator.postgres.definitions import SubscriptionDefinition, TableDefinition
from datamover_operator.postgres.endpoint import SourceAddress
from datamover_operator.postgres.queries import query
from datamover_operator.postgres.session import Session
from datamover_operator.postgres.source import by_name
from datamover_operator.postgres.state import (
    Contents,
    DestinationState,
    SequenceValue,
    Table,
    TableKey,
    from_position,
    to_position,
)
from datamover_operator.postgres.tables import creation

_HAS_DISABLE_ON_ERROR = 150000
_HAS_SYSTEM_ROOTS = 160000
_TRIAL = "datamover_trial"
_NOWHERE = "host=/nonexistent password=none"
"""A way that fails at once: a subscription that is dropped tries to reach its source first."""


class PostgresDestination:
    """A session at a destination."""

    def __init__(self, session: Session, source: SourceAddress) -> None:
        """Send through `session`; subscriptions connect to `source`."""
        self._session = session
        self._source = source

    async def state(self, name: str, keys: Iterable[TableKey]) -> DestinationState:
        """Look at what is there."""
        parameters = {"name": name} | by_name(keys)
        answer = await self._session.ask("read the state", self._query("destination_state"), parameters)
        return translate.destination_state(answer)

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        """Look tables up in the catalogue, and whether they have rows; those that do not exist are left out."""
        answer = await self._session.ask("look the tables up", self._query("tables"), by_name(keys))
        found = list(translate.tables(answer))
        return translate.tables(answer, await self._filled(found))

    async def try_source(self) -> None:
        """See that this server reaches the source, without effect."""
        action = "reach the source from the destination server"
        async with self._session.trial(action):
            await self._quietly(action)
            statement = sql.SQL(
                "CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} "
                "WITH (create_slot = false, slot_name = NONE, enabled = false, copy_data = false)"
            ).format(sql.Identifier(_TRIAL), self._conninfo(_TRIAL), sql.Identifier(_TRIAL))
            await self._session.run(action, statement)

    async def try_table(self, definition: TableDefinition) -> None:
        """See that a table can be created, without effect."""
        action = f"create table {'.'.join(definition.key)}"
        async with self._session.trial(action):
            for statement in creation(definition):
                await self._session.run(action, statement)

    async def create_tables(self, definitions: Sequence[TableDefinition]) -> None:
        """Create tables, all or none."""
        action = "create the tables"
        async with self._session.transaction(action):
            for definition in definitions:
                for statement in creation(definition):
                    await self._session.run(action, statement)

    async def create_subscription(self, definition: SubscriptionDefinition) -> None:
        """Create the subscription, not enabled and without a look at the source."""
        action = "create the subscription"
        options = [sql.SQL("connect = false"), sql.SQL("slot_name = {}").format(sql.Literal(definition.slot))]
        if self._session.version >= _HAS_DISABLE_ON_ERROR:
            options.append(sql.SQL("disable_on_error = true"))
        statement = sql.SQL("CREATE SUBSCRIPTION {} CONNECTION {} PUBLICATION {} WITH ({})").format(
            sql.Identifier(definition.name),
            self._conninfo(definition.name),
            sql.SQL(", ").join(map(sql.Identifier, definition.publications)),
            sql.SQL(", ").join(options),
        )
        async with self._session.transaction(action):
            await self._quietly(action)
            await self._session.run(action, statement)
            await self._session.run(action, _comment(definition.name, definition.comment))

    async def set_connection(self, name: str, comment: str) -> None:
        """Have the subscription connect to the source as it is reached now."""
        action = "change the subscription's connection"
        statement = sql.SQL("ALTER SUBSCRIPTION {} CONNECTION {}").format(sql.Identifier(name), self._conninfo(name))
        async with self._session.transaction(action):
            await self._quietly(action)
            await self._session.run(action, statement)
            await self._session.run(action, _comment(name, comment))

    async def enable(self, name: str) -> None:
        """Start replicating."""
        await self._alter(name, "enable the subscription", sql.SQL("ENABLE"))

    async def disable(self, name: str) -> None:
        """Stop replicating."""
        await self._alter(name, "disable the subscription", sql.SQL("DISABLE"))

    async def set_disable_on_error(self, name: str, *, disable: bool) -> None:
        """Say whether the subscription is disabled at an error, or tries again every few seconds."""
        option = sql.SQL("SET (disable_on_error = {})").format(sql.SQL("true" if disable else "false"))
        await self._alter(name, "change what happens at errors", option)

    async def skip(self, name: str, position: int) -> None:
        """Pass over the transaction that finishes at a position, if it comes next."""
        lsn = sql.Literal(from_position(position))
        await self._alter(name, "skip the transaction", sql.SQL("SKIP (lsn = {})").format(lsn))

    async def refresh(self, name: str, empty: Sequence[TableKey]) -> None:
        """Take in which tables are published, and copy those that are new; those in `empty` lose their rows first."""
        if empty:
            await self._empty(name, empty)
        await self._alter(name, "refresh the subscription", sql.SQL("REFRESH PUBLICATION"))

    async def applied(self, subscription_id: int) -> int:
        """The source's position up to which everything has been applied, confirmed or not; for superusers alone."""
        query = "SELECT coalesce(pg_replication_origin_progress(%(origin)s, false), '0/0')::text"
        return to_position(await self._session.ask("read the progress", query, {"origin": f"pg_{subscription_id}"}))

    async def set_sequences(self, values: Sequence[SequenceValue]) -> None:
        """Set the sequences of the same columns to these values."""
        parameters = by_name(value.key for value in values) | {
            "columns": [value.column for value in values],
            "values": [value.value for value in values],
        }
        await self._session.ask("set the sequences", self._query("set_sequences"), parameters)

    async def contents(self, key: TableKey, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        """Count and sum up a table's rows; no columns: count alone."""
        return await contents(self._session, key, columns, None, is_partitioned=is_partitioned)

    async def drop_subscription(self, name: str) -> None:
        """Drop the subscription and leave its slots: nothing is asked of the source, which may be out of reach."""
        action = "drop the subscription"
        async with self._session.transaction(action):
            await self._quietly(action)
            await self._alter(name, action, sql.SQL("DISABLE"))
            await self._alter(name, action, sql.SQL("SET (slot_name = NONE)"))
            await self._alter(name, action, sql.SQL("CONNECTION {}").format(sql.Literal(_NOWHERE)))
            await self._session.run(action, sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(name)))

    def _query(self, name: str) -> LiteralString:
        return query(name, self._session.version)

    async def _alter(self, name: str, action: str, change: sql.Composable) -> None:
        statement = sql.SQL("ALTER SUBSCRIPTION {} {}").format(sql.Identifier(name), change)
        await self._session.run(action, statement)

    async def _empty(self, name: str, keys: Sequence[TableKey]) -> None:
        """Remove rows, unless copying has begun: another operator may have been faster, so it is asked under locks."""
        action = "empty the tables"
        tables = sql.SQL(", ").join(sql.Identifier(*key) for key in keys)
        async with self._session.transaction(action):
            await self._session.run(action, sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(tables))
            parameters = {"name": name} | by_name(keys)
            if await self._session.ask(action, self._query("is_subscribed"), parameters) == "false":
                await self._session.run(action, sql.SQL("TRUNCATE {}").format(tables))

    async def _filled(self, keys: Sequence[TableKey]) -> Sequence[TableKey]:
        if not keys:
            return ()
        each = (
            sql.SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(sql.Literal(place), sql.Identifier(*key))
            for place, key in enumerate(keys)
        )
        places = sql.SQL("SELECT coalesce(json_agg(place), '[]')::text FROM ({}) filled(place)")
        answer = await self._session.ask("see which tables have rows", places.format(sql.SQL(" UNION ALL ").join(each)))
        return [keys[place] for place in json.loads(answer)]

    async def _quietly(self, action: str) -> None:
        """Keep a statement with a password out of the server's log and statistics, where we may."""
        await self._session.ask(action, self._query("quietly"))

    def _conninfo(self, name: str) -> sql.Literal:
        return sql.Literal(conninfo(self._source, name, self._session.version))


def conninfo(source: SourceAddress, name: str, version: int) -> str:
    """The connection string of a subscription on a server of this version. It holds the password."""
    endpoint = source.endpoint
    parameters: dict[str, str | int] = {
        "host": endpoint.host,
        "port": endpoint.port,
        "dbname": endpoint.database,
        "user": endpoint.user,
        "sslmode": endpoint.ssl_mode,
        "connect_timeout": 10,
        "application_name": name,
        "keepalives_idle": 30,
        "gssencmode": "disable",
    }
    if endpoint.password:
        parameters["password"] = endpoint.password
    if source.ssl_root_cert:
        parameters["sslrootcert"] = source.ssl_root_cert
    elif endpoint.ssl_mode == "verify-full" and version >= _HAS_SYSTEM_ROOTS:
        parameters["sslrootcert"] = "system"
    return make_conninfo("", **parameters)


def _comment(name: str, text: str) -> sql.Composed:
    return sql.SQL("COMMENT ON SUBSCRIPTION {} IS {}").format(sql.Identifier(name), sql.Literal(text))
