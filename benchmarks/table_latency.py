"""From a commit at the source to its row at the destination: a TableSync beside a bare subscription."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import psycopg

from benchmarks.cluster_client import ClusterClient
from benchmarks.figures import Figures
from benchmarks.table_stage import SECRETS, SYNCS, run, secret, sync, table_stage, until_copied

_PATIENCE = 120.0
_TABLES = ("followed", "bare")


@dataclass(frozen=True)
class TableLatency(Figures):
    """Milliseconds."""

    commits: int
    sync_p50_ms: float
    sync_p99_ms: float
    bare_p50_ms: float
    bare_p99_ms: float

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table: what, then its figures."""
        return [
            (f"{self.commits} commits each", "TableSync", "CREATE SUBSCRIPTION"),
            ("commit to visible, p50", f"{self.sync_p50_ms:.1f} ms", f"{self.bare_p50_ms:.1f} ms"),
            ("commit to visible, p99", f"{self.sync_p99_ms:.1f} ms", f"{self.bare_p99_ms:.1f} ms"),
        ]


def measure(commits: int, folder: Path) -> TableLatency:
    """Commit `commits` rows to each table, in turn. Raises SetupError where PostgreSQL is missing."""
    with table_stage(folder) as stage:
        source, destination = stage.databases("latency")
        for table in _TABLES:
            run(source, f"CREATE TABLE {table} (id int PRIMARY KEY)")
        run(source, "CREATE PUBLICATION bare FOR TABLE bare")
        run(destination, "CREATE TABLE bare (id int PRIMARY KEY)")
        run(destination, f"CREATE SUBSCRIPTION bare CONNECTION '{source}' PUBLICATION bare")
        asyncio.run(_apply(stage.kubeconfig, source, destination))
        until_copied(destination, len(_TABLES), _PATIENCE)
        found: dict[str, list[float]] = {table: [] for table in _TABLES}
        with (
            psycopg.connect(source, autocommit=True) as there,
            psycopg.connect(destination, autocommit=True) as here,
        ):
            for number in range(commits):
                for table in _TABLES:
                    found[table].append(_one(there, here, table, number))
        run(destination, "DROP SUBSCRIPTION bare")
    (sync_p50, sync_p99), (bare_p50, bare_p99) = (_shares(found[table]) for table in _TABLES)
    return TableLatency(commits, sync_p50, sync_p99, bare_p50, bare_p99)


async def _apply(kubeconfig: Path, source: str, destination: str) -> None:
    async with ClusterClient(kubeconfig) as cluster:
        await cluster.create(SECRETS, secret("latency", source, destination))
        await cluster.create(SYNCS, sync("latency", "latency", "followed"))


Connection = psycopg.Connection[tuple[object, ...]]


def _one(source: Connection, destination: Connection, table: str, number: int) -> float:
    """Milliseconds until a committed row is seen."""
    source.execute(f"INSERT INTO {table} VALUES ({number})".encode())  # noqa: S608 - our own names
    committed = time.perf_counter()
    query = f"SELECT 1 FROM {table} WHERE id = {number}".encode()  # noqa: S608 - our own names
    while destination.execute(query).fetchone() is None:
        if time.perf_counter() - committed > _PATIENCE:
            raise TimeoutError(f"{table} does not follow")
    return (time.perf_counter() - committed) * 1000


def _shares(found: list[float]) -> tuple[float, float]:
    cuts = quantiles(found, n=100)
    return round(cuts[49], 2), round(cuts[98], 2)
