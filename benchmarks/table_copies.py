"""A table's first copy: by a TableSync, by a bare CREATE SUBSCRIPTION, and by pg_dump | psql, in turn.

Measured from the first statement, or the object's creation, until the rows are there; the two that go on afterwards are
measured until PostgreSQL says that the table follows. What a sync asks and makes before its copy takes as long for one
row as for all: a ratio says something of copies that take long beside it.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from operator import truediv
from pathlib import Path
from statistics import median
from urllib.parse import unquote, urlsplit

from benchmarks.cluster_client import ClusterClient
from benchmarks.figures import Figures
from benchmarks.table_stage import SECRETS, SYNCS, TableStage, run, secret, sync, table_stage, until_copied
from datamover_dev.postgres.programs import programs

_TABLE = "CREATE TABLE big (id bigint PRIMARY KEY, name text NOT NULL, total numeric(10, 2), at timestamptz)"
_PATIENCE = 1800.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class TableCopies(Figures):
    """Seconds, medians of some runs; `ratio_to_bare` is the median of each round's."""

    rows_copied: int
    sync_s: float
    bare_s: float
    dump_s: float
    ratio_to_bare: float
    sync_runs_s: list[float]
    bare_runs_s: list[float]
    dump_runs_s: list[float]

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table: what, then its figures."""
        return [
            (f"copy of {self.rows_copied:,} rows", "TableSync", "CREATE SUBSCRIPTION", "pg_dump | psql"),
            ("median", *(f"{seconds:.1f} s" for seconds in (self.sync_s, self.bare_s, self.dump_s))),
            ("ratio to the bare subscription", f"{self.ratio_to_bare:.2f}", "1", f"{self.dump_s / self.bare_s:.2f}"),
        ]


def measure(rows: int, rounds: int, folder: Path, say: Say) -> TableCopies:
    """Copy a table of `rows` rows, `rounds` times in each way. Raises SetupError where PostgreSQL is missing."""
    ways = {"sync": _by_sync, "bare": _by_subscription, "dump": _by_dump}
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    with table_stage(folder) as stage:
        for number in range(rounds):
            # In turn the first: what else the machine does changes between two runs.
            for name, way in list(ways.items())[:: -1 if number % 2 else 1]:
                source, destination = stage.databases(f"{name}_{number}")
                run(source, _TABLE, _filling(rows), "VACUUM ANALYZE big", "CHECKPOINT")
                started = time.perf_counter()
                way(stage, source, destination)
                seconds[name].append(round(time.perf_counter() - started, 2))
                say(f"  {name}, run {number + 1}: {seconds[name][-1]:.1f} s")
                _clear(stage, source, destination)
    medians = {name: median(found) for name, found in seconds.items()}
    return TableCopies(
        rows_copied=rows,
        sync_s=medians["sync"],
        bare_s=medians["bare"],
        dump_s=medians["dump"],
        ratio_to_bare=round(median(map(truediv, seconds["sync"], seconds["bare"])), 3),
        sync_runs_s=seconds["sync"],
        bare_runs_s=seconds["bare"],
        dump_runs_s=seconds["dump"],
    )


def _filling(rows: int) -> str:
    return f"INSERT INTO big SELECT n, 'name ' || n, n % 9973 * 1.25, now() FROM generate_series(1, {rows}) n"  # noqa: S608 - a number


def _by_sync(stage: TableStage, source: str, destination: str) -> None:
    async def create() -> None:
        async with ClusterClient(stage.kubeconfig) as cluster:
            name = urlsplit(source).path.strip("/").replace("_", "-")
            await cluster.create(SECRETS, secret(name, source, destination))
            await cluster.create(SYNCS, sync(name, name, "big"))

    asyncio.run(create())
    until_copied(destination, 1, _PATIENCE)


def _by_subscription(_stage: TableStage, source: str, destination: str) -> None:
    run(source, "CREATE PUBLICATION bare FOR TABLE big")
    run(destination, _TABLE, f"CREATE SUBSCRIPTION bare CONNECTION '{source}' PUBLICATION bare")
    until_copied(destination, 1, _PATIENCE)


def _by_dump(_stage: TableStage, source: str, destination: str) -> None:
    run(destination, _TABLE)
    folder = programs()
    with subprocess.Popen(
        [folder / "pg_dump", "--data-only", "--table=big"], env=_client(source), stdout=subprocess.PIPE
    ) as dump:
        subprocess.run(
            [folder / "psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1"],
            env=_client(destination),
            stdin=dump.stdout,
            stdout=subprocess.DEVNULL,
            check=True,
        )
    if dump.returncode:
        raise subprocess.CalledProcessError(dump.returncode, "pg_dump")


def _client(url: str) -> dict[str, str]:
    """The environment in which PostgreSQL's own clients find a database; a password is no argument."""
    parts = urlsplit(url)
    return {
        "PATH": os.environ["PATH"],
        "PGHOST": parts.hostname or "",
        "PGPORT": str(parts.port),
        "PGUSER": parts.username or "",
        "PGPASSWORD": unquote(parts.password or ""),
        "PGDATABASE": parts.path.strip("/"),
    }


def _clear(stage: TableStage, source: str, destination: str) -> None:
    """Leave no other replication beside the next run."""
    name = urlsplit(source).path.strip("/")

    async def delete() -> None:
        async with ClusterClient(stage.kubeconfig) as cluster:
            await cluster.delete(f"{SYNCS}/{name.replace('_', '-')}")
            while (await cluster.get(SYNCS))["items"]:  # noqa: ASYNC110 - until what the sync made is gone
                await asyncio.sleep(0.1)

    if name.startswith("sync"):
        asyncio.run(delete())
    if name.startswith("bare"):
        run(destination, "DROP SUBSCRIPTION bare")
    run(stage.source.url(), f"DROP DATABASE {name} WITH (FORCE)")
    run(stage.destination.url(), f"DROP DATABASE {name} WITH (FORCE)")
