"""Names that SQL has to quote, as long as PostgreSQL takes them."""

from __future__ import annotations

from collections.abc import Callable

from psycopg import sql

from tests.support.table_syncs import TableWorld

Start = Callable[..., object]
NAME = "%s {0} \\ ' \" $$ é " + "ß" * 22
"""63 bytes, with what psycopg, formats and SQL take for their own."""


def test_the_longest_and_strangest_names_are_moved_and_compared(tables: TableWorld, start: Start) -> None:
    assert len(NAME.encode()) == 63
    source, destination = tables.pair.source, tables.pair.destination
    name, table = sql.Identifier(NAME).as_string(), sql.Identifier(NAME, NAME).as_string()
    source.run(f"CREATE SCHEMA {name}")
    source.run(f"CREATE TABLE {table} (id serial PRIMARY KEY, {name} text NOT NULL DEFAULT '%s {{0}} \\')")
    source.run(f"INSERT INTO {table} SELECT n FROM generate_series(1, 20) n")
    start()
    tables.sync(mode="Once", tables=[{"schema": NAME, "name": NAME}])
    status = tables.wait_phase("Completed")["status"]
    assert [(each["name"], each["verified"]) for each in status["tables"]] == [(f"{NAME}.{NAME}", "Equal")]
    assert destination.run(f"TABLE {table}") == source.run(f"TABLE {table}")
    tables.delete()
    tables.wait_gone()
