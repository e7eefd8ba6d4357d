"""Two real PostgreSQL servers, and a database on each for one test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from datamover_dev.postgres.server import PostgresServer
from tests.support.waiting import eventually

Row = tuple[Any, ...]


@dataclass
class Database:
    """One database of one server, as its superuser."""

    server: PostgresServer
    name: str
    _connection: psycopg.Connection[Row] | None = field(default=None, repr=False)

    def run(self, statement: str, *parameters: object) -> list[Row]:
        """Send a statement; return its rows. A connection that the server has closed is made anew."""
        try:
            return self._send(statement, parameters)
        except psycopg.OperationalError:
            if self._connection is not None and not self._connection.closed:
                raise
        return self._send(statement, parameters)

    def _send(self, statement: str, parameters: tuple[object, ...]) -> list[Row]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self.url, autocommit=True)
        cursor = self._connection.execute(statement, parameters or None)
        return cursor.fetchall() if cursor.description is not None else []

    def value(self, statement: str, *parameters: object) -> Any:  # noqa: ANN401 - whatever is asked for
        """Return the first column of the first row."""
        rows = self.run(statement, *parameters)
        return rows[0][0] if rows else None

    @property
    def url(self) -> str:
        """Its URI, for the superuser."""
        return self.server.url(self.name)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()


@contextmanager
def database(server: PostgresServer, name: str) -> Iterator[Database]:
    """A fresh database; afterwards it is gone, with whoever is connected to it and with its slots."""
    admin = Database(server, "postgres")
    admin.run(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)).as_string())
    own = Database(server, name)
    try:
        yield own
    finally:
        own.close()
        _clear(server, name)
        admin.run(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)).as_string())
        admin.close()


def _clear(server: PostgresServer, name: str) -> None:
    """Remove what keeps a database from being dropped: subscriptions, and slots as soon as they are free."""
    own = Database(server, name)
    here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
    for (subscription,) in own.run(f"SELECT subname FROM pg_subscription WHERE subdbid = {here}"):
        alter = sql.SQL("ALTER SUBSCRIPTION {}").format(sql.Identifier(subscription)).as_string()
        own.run(f"{alter} DISABLE")
        own.run(f"{alter} SET (slot_name = NONE)")
        own.run(f"{alter} CONNECTION 'host=/nonexistent'")
        own.run(sql.SQL("DROP SUBSCRIPTION {}").format(sql.Identifier(subscription)).as_string())
    slots = "FROM pg_replication_slots WHERE database = current_database()"

    def are_dropped() -> bool:
        own.run(f"SELECT pg_terminate_backend(active_pid) {slots} AND active_pid IS NOT NULL")
        own.run(f"SELECT pg_drop_replication_slot(slot_name) {slots} AND active_pid IS NULL")
        return not own.run(f"SELECT 1 {slots}")

    eventually(are_dropped, what=f"the slots of {name} are dropped")
    own.close()


@dataclass
class Pair:
    """A source and a destination."""

    source: Database
    destination: Database

    @property
    def version(self) -> int:
        """The major version of both servers."""
        return int(self.source.value("SELECT current_setting('server_version_num')::int / 10000"))

    def both(self, *statements: str) -> None:
        """Send statements to both."""
        for statement in statements:
            self.source.run(statement)
            self.destination.run(statement)

    def rows(self, table: str) -> tuple[int, int]:
        """How many rows a table has, at the source and at the destination."""
        count = f"SELECT count(*) FROM {table}"
        return self.source.value(count), self.destination.value(count)

    def is_same(self, table: str) -> bool:
        """Whether both have the same rows of a table."""
        rows = f"SELECT t::text FROM {table} t ORDER BY 1"
        return self.source.run(rows) == self.destination.run(rows)

    def leftovers(self) -> dict[str, list[str]]:
        """What a sync has made that is still there."""
        here = "(SELECT oid FROM pg_database WHERE datname = current_database())"
        return {
            "publications": [name for (name,) in self.source.run("SELECT pubname FROM pg_publication")],
            "slots": [
                name
                for (name,) in self.source.run(
                    "SELECT slot_name FROM pg_replication_slots WHERE database = current_database()"
                )
            ],
            "subscriptions": [
                name for (name,) in self.destination.run(f"SELECT subname FROM pg_subscription WHERE subdbid = {here}")
            ],
        }


NOTHING: dict[str, list[str]] = {"publications": [], "slots": [], "subscriptions": []}


@contextmanager
def two_servers(folder: Path) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A source server and a destination server."""
    with (
        PostgresServer("postgres-source", folder / "source.log") as source,
        PostgresServer("postgres-destination", folder / "destination.log") as destination,
    ):
        yield source, destination


@contextmanager
def two_databases(servers: tuple[PostgresServer, PostgresServer]) -> Iterator[Pair]:
    """A fresh database on each server."""
    name = f"test_{secrets.token_hex(4)}"
    with database(servers[0], name) as source, database(servers[1], name) as destination:
        yield Pair(source, destination)
