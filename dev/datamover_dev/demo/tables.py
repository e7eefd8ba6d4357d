"""The demo's part on tables: two of them are copied between two PostgreSQL servers while they change, then compared."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg

from datamover_dev.console import LiveLine
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.errors import SetupError
from datamover_dev.paths import SAMPLES
from datamover_dev.stack.services import NO_TABLES
from datamover_dev.stack.tables import DESTINATION, ROWS, SOURCE, TABLES

NAME = "shop"
TIMEOUT = 300.0
LOOK_INTERVAL = 0.4
_CHANGES = (
    "INSERT INTO customers (name, region) SELECT 'new ' || n, 'eu' FROM generate_series(1, 20) n",
    "UPDATE orders SET total = total + 1 WHERE id % 1000 = {number} % 1000",
    "DELETE FROM orders WHERE id % 5000 = {number} % 5000",
)
_COLUMNS = "custom-columns=NAME:.metadata.name,MODE:.spec.mode,PHASE:.status.phase,COPIED:.status.percent"

Sync = dict[str, Any]
"""A TableSync as JSON."""


def show_tables(control_plane: ControlPlane, variables: Mapping[str, str]) -> None:
    """Sync, change, compare.

    Raises:
        SetupError: the tables are not the same in the end.
    """
    if SOURCE not in variables:
        print(f"\n{NO_TABLES}")
        return
    print(
        f"\nTables: {' and '.join(TABLES)}, {ROWS:,} rows each, from one PostgreSQL server to another while they change"
    )
    with psycopg.connect(variables[SOURCE]) as source, psycopg.connect(variables[DESTINATION]) as destination:
        with _changing(variables[SOURCE]) as transactions:
            print(f"  {control_plane.kubectl('apply', '--server-side', '-f', str(SAMPLES / 'tablesync.yaml')).strip()}")
            _watch(control_plane)
        print(f"  {len(transactions):,} transactions changed the source meanwhile; it is quiet now")
        _until_same(source, destination)
    print(f"\n$ kubectl get tablesyncs --output={_COLUMNS}")
    print(control_plane.kubectl("get", "tablesyncs", f"--output={_COLUMNS}").strip())
    control_plane.kubectl("delete", "tablesync", NAME, f"--timeout={TIMEOUT:.0f}s")
    print("  deleted: the rows stay, and nothing else is left in either database")


@contextmanager
def _changing(url: str) -> Iterator[list[int]]:
    """Have a client write all the while; the list grows with each of its transactions."""
    done: list[int] = []
    enough, errors = threading.Event(), list[Exception]()

    def write() -> None:
        try:
            with psycopg.connect(url) as connection:
                while not enough.wait(0.02):
                    for statement in _CHANGES:
                        connection.execute(statement.format(number=len(done)).encode())
                    connection.commit()
                    done.append(len(done))
        except psycopg.Error as error:
            errors.append(error)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield done
    finally:
        enough.set()
        writer.join()
    if errors:
        raise SetupError(f"the source could not be written: {errors[0]}")


def _watch(control_plane: ControlPlane) -> None:
    """Show the sync until changes follow."""
    started, shown = time.monotonic(), ""
    with LiveLine(sys.stdout) as line:
        while True:
            found: Sync = _read(control_plane)
            status = found.get("status", {})
            elapsed = time.monotonic() - started
            told = f"{status.get('phase', 'Pending')}  {status.get('percent', 0)} %"
            if status.get("phase", "Pending") != shown:
                shown = status.get("phase", "Pending")
                line.say(f"  {elapsed:5.1f} s  {told}")
            line.update(f"  {elapsed:5.1f} s  {told}")
            conditions = {each["type"]: each for each in status.get("conditions", [])}
            if conditions.get("Ready", {}).get("status") == "True":
                return
            if conditions.get("Stalled", {}).get("status") == "True" or elapsed > TIMEOUT:
                raise SetupError(f"table sync {NAME}: {conditions.get('Ready', {}).get('message', 'no answer')}")
            time.sleep(LOOK_INTERVAL)


def _read(control_plane: ControlPlane) -> Sync:
    found: Sync = json.loads(control_plane.kubectl("get", "tablesync", NAME, "--output=json"))
    return found


def _until_same(source: psycopg.Connection[Any], destination: psycopg.Connection[Any]) -> None:
    """Wait for the last changes, and compare every row."""
    started = time.monotonic()
    for table in TABLES:
        while (there := _contents(source, table)) != (here := _contents(destination, table)):
            if time.monotonic() - started > TIMEOUT:
                raise SetupError(
                    f"{table} has {there[0]:,} rows at the source, and {here[0]:,} others at the destination"
                )
            time.sleep(LOOK_INTERVAL)
        print(f"  {table}: {there[0]:,} rows compared, all equal")


def _contents(connection: psycopg.Connection[Any], table: str) -> tuple[int, str]:
    """How many rows, and a digest of all of them."""
    connection.rollback()
    query = f"SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY id)) FROM {table} t"  # noqa: S608 - our own names
    rows, digest = connection.execute(query.encode()).fetchall()[0]
    return int(rows), str(digest)
