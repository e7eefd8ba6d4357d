"""What the operator does at a source. Each method is one look or one step, and raises DatabaseError."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import LiteralString, cast

from psycopg import sql

from datamover_operator.postgres import translate
from datamover_operator.postgres.comparing import contents
from datamover_operator.postgres.decoding import Transaction, first_transaction
from datamover_operator.postgres.definitions import PublicationDefinition, PublishedTable
from datamover_operator.postgres.queries import query
from datamover_operator.postgres.session import Session
from datamover_operator.postgres.state import Contents, SequenceValue, SourceState, Table, TableKey

_PLUGIN = "pgoutput"
_TRIAL = "datamover_trial"


class PostgresSource:
    """A session at a source."""

    def __init__(self, session: Session) -> None:
        """Send through `session`."""
        self._session = session

    async def state(self, name: str, sync_slots: str) -> SourceState:
        """Look at what is there. `sync_slots` is a LIKE pattern of the slots that copies of ours use."""
        parameters = {"name": name, "sync_slots": sync_slots}
        return translate.source_state(
            await self._session.ask("read the state", self._query("source_state"), parameters)
        )

    async def tables(self, keys: Iterable[TableKey]) -> Mapping[TableKey, Table]:
        """Look tables up in the catalogue; those that do not exist are left out."""
        return translate.tables(await self._session.ask("look the tables up", self._query("tables"), by_name(keys)))

    async def filter_columns(self, table: PublishedTable) -> Sequence[str]:
        """Try a table's filter, without effect; return the columns in it that its replica identity lacks."""
        action = f"use the filter of table {'.'.join(table.key)}"
        bare = PublishedTable(table.key, (), table.where)
        async with self._session.trial(action):
            await self._session.run(action, _create(PublicationDefinition(_TRIAL, "insert", (bare,), "")))
            answer = await self._session.ask(action, self._query("filter_columns"), {"name": _TRIAL})
        return translate.names(answer)

    async def publish(self, definitions: Sequence[PublicationDefinition]) -> None:
        """Make all these publications what they are said to be, at once: no change is published by none of them."""
        action = "publish the tables"
        async with self._session.transaction(action):
            for definition in definitions:
                for statement in await self._statements(action, definition):
                    await self._session.run(action, statement)
                await self._comment(action, definition)

    async def drop_publications(self, names: Sequence[str]) -> None:
        """Drop publications, if they are there."""
        which = sql.SQL(", ").join(map(sql.Identifier, names))
        await self._session.run("drop the publications", sql.SQL("DROP PUBLICATION IF EXISTS {}").format(which))

    async def create_slot(self, name: str) -> None:
        """Create the replication slot; the server waits for transactions that are open."""
        create = "SELECT lsn::text FROM pg_create_logical_replication_slot(%(name)s, %(plugin)s)"
        await self._session.ask("create the replication slot", create, {"name": name, "plugin": _PLUGIN})

    async def wake_subscriber(self) -> None:
        """Write a message that nobody reads: it passes through the slot, and whoever follows there looks around."""
        message = "SELECT pg_logical_emit_message(true, 'datamover', ''::text)::text"
        await self._session.ask("wake the subscriber", message)

    async def drop_slots(self, names: Sequence[str]) -> None:
        """End who uses these slots, and drop them, those that are there."""
        action, which = "drop the replication slot", {"names": " ".join(names)}
        await self._session.ask(action, "SELECT set_config('datamover.slots', %(names)s, false)", which)
        await self._session.run(action, self._query("drop_slots"))

    def _query(self, name: str) -> LiteralString:
        return query(name, self._session.version)

    async def _statements(self, action: str, definition: PublicationDefinition) -> Sequence[sql.Composed]:
        """What makes a publication what it is said to be."""
        name = sql.Identifier(definition.name)
        answer = await self._session.ask(action, self._query("published"), {"name": definition.name})
        if not answer:
            return (_create(definition),)
        if definition.tables:
            change = sql.SQL("SET TABLE {}").format(_tables(definition))
        elif published := translate.keys(answer):
            change = sql.SQL("DROP TABLE {}").format(
                _tables(replace(definition, tables=tuple(map(PublishedTable, published))))
            )
        else:
            change = sql.SQL("SET ({})").format(_options(definition))
        alter = sql.SQL("ALTER PUBLICATION {} {}")
        options = sql.SQL("SET ({})").format(_options(definition))
        return alter.format(name, options), alter.format(name, change)

    async def first_transaction(self, name: str, publications: Sequence[str], after: int) -> Transaction | None:
        """The first transaction after a position that a slot keeps; nobody may use the slot meanwhile."""
        listed = ",".join(f'"{each}"' for each in publications)
        parameters = {"slot": name, "publications": listed}
        answer = await self._session.ask("look into the replication slot", self._query("peek"), parameters)
        return first_transaction(map(bytes.fromhex, translate.names(answer)), after)

    async def sequences(self, keys: Iterable[TableKey]) -> Sequence[SequenceValue]:
        """Read the sequences that columns of these tables take their values from, if they were used."""
        answer = await self._session.ask("read the sequences", self._query("sequences"), by_name(keys))
        return translate.sequences(answer)

    async def contents(self, table: PublishedTable, columns: Sequence[str], *, is_partitioned: bool) -> Contents:
        """Count and sum up what of a table is published; no columns: count alone."""
        where = expression(table.where) if table.where is not None else None
        return await contents(self._session, table.key, columns, where, is_partitioned=is_partitioned)

    async def _comment(self, action: str, definition: PublicationDefinition) -> None:
        """Write the comment, with a digest of what the server has made of the definition."""
        digest = (
            sql.SQL("SELECT ")
            + sql.SQL(self._query("publication_digest"))
            + sql.SQL(" FROM pg_publication p WHERE p.pubname = %(name)s")
        )
        state = await self._session.ask(action, digest, {"name": definition.name})
        text = sql.Literal(f"{definition.comment} state={state}")
        statement = sql.SQL("COMMENT ON PUBLICATION {} IS {}").format(sql.Identifier(definition.name), text)
        await self._session.run(action, statement)


def by_name(keys: Iterable[TableKey]) -> dict[str, object]:
    """The parameters of a query that looks tables up."""
    listed = list(keys)
    return {"schemas": [schema for schema, _ in listed], "tables": [table for _, table in listed]}


def _create(definition: PublicationDefinition) -> sql.Composed:
    tables = sql.SQL("FOR TABLE {}").format(_tables(definition)) if definition.tables else sql.SQL("")
    return sql.SQL("CREATE PUBLICATION {} {} WITH ({})").format(
        sql.Identifier(definition.name), tables, _options(definition)
    )


def _options(definition: PublicationDefinition) -> sql.Composed:
    publish = sql.Literal(definition.publish)
    return sql.SQL("publish = {}, publish_via_partition_root = true").format(publish)


def _tables(definition: PublicationDefinition) -> sql.Composed:
    return sql.SQL(", ").join(map(_table, definition.tables))


def _table(table: PublishedTable) -> sql.Composed:
    """ONLY: tables that inherit from it are published where they are named themselves."""
    parts = [sql.SQL("ONLY {}").format(sql.Identifier(*table.key))]
    if table.columns:
        parts.append(sql.SQL("({})").format(sql.SQL(", ").join(map(sql.Identifier, table.columns))))
    if table.where is not None:
        parts.append(sql.SQL("WHERE ({})").format(expression(table.where)))
    return sql.SQL(" ").join(parts)


def expression(text: str) -> sql.SQL:
    """An SQL expression that was looked at: it ends where it seems to end, and holds one expression alone."""
    return sql.SQL(cast("LiteralString", text))  # type: ignore[redundant-cast] # mypy takes it for a str
