"""Two PostgreSQL servers for table syncs: a source with two tables, and an empty destination.

The source's server also has a database for the history of the REST service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from datamover_dev.postgres.server import PostgresServer

HOSTS = "127.0.0.1,localhost,*"
"""Which databases may be synced: those here, and whatever a person has elsewhere."""
DATABASE = "shop"
ROWS = 100_000
HISTORY, HISTORY_URL = "sync_history", "SYNC_HISTORY_URL"
SOURCE, DESTINATION = "TABLES_SOURCE_URL", "TABLES_DESTINATION_URL"
TABLES = ("customers", "orders")
"""The tables in config/samples/tablesync.yaml."""
_CONTENTS = f"""
    CREATE TABLE customers (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        name text NOT NULL,
        region text NOT NULL DEFAULT 'eu',
        joined timestamptz NOT NULL DEFAULT now()
    );
    CREATE TABLE orders (
        id bigserial PRIMARY KEY,
        customer bigint NOT NULL REFERENCES customers,
        total numeric(10, 2) NOT NULL,
        note text
    );
    INSERT INTO customers (name, region)
        SELECT 'customer ' || n, (ARRAY['eu', 'us', 'ap'])[n % 3 + 1] FROM generate_series(1, {ROWS}) n;
    INSERT INTO orders (customer, total, note)
        SELECT n, n % 997 * 1.25, 'order ' || n FROM generate_series(1, {ROWS}) n;
"""  # noqa: S608 - a number of ours


@contextmanager
def table_servers(folder: Path) -> Iterator[Mapping[str, str]]:
    """Start both; the variables hold the databases' URIs, for users that may do whatever they are for.

    Raises:
        SetupError: PostgreSQL is not installed, or does not start.
    """
    with (
        PostgresServer("postgres-source", folder / "postgres-source.log") as source,
        PostgresServer("postgres-destination", folder / "postgres-destination.log") as destination,
    ):
        for server in (source, destination):
            with psycopg.connect(server.url(), autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
        with psycopg.connect(source.url(DATABASE)) as connection:
            connection.execute(_CONTENTS)
        with psycopg.connect(source.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {HISTORY}")
        yield {
            SOURCE: source.url(DATABASE),
            DESTINATION: destination.url(DATABASE),
            HISTORY_URL: source.url(HISTORY),
        }
