"""Many table syncs on one operator: until all are Ready, and at rest."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cluster_client import ClusterClient
from benchmarks.figures import Figures
from benchmarks.judge import wait_until_ready
from benchmarks.operator_metrics import OperatorMetrics
from benchmarks.table_stage import SECRETS, SYNCS, TableStage, run, secret, sync, table_stage
from benchmarks.usage import cpu_s, peak_rss_mib

GOAL = 4.0
"""Statements a minute for each sync at rest, at most."""
_STATEMENTS = "datamover_postgres_statements_total"
_WRITES = "datamover_kubernetes_writes_total"
_PATIENCE = 600.0
_SETTLED = 90.0
"""Seconds until the last syncs have stopped looking after their copies."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class TableSyncsAtRest(Figures):
    """What one operator needs for them."""

    syncs: int
    ready_s: float
    minutes: float
    statements_per_minute_each: float
    kubernetes_writes: int
    cpu_share: float
    peak_rss_mib: float

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table: what, then its figures."""
        return [
            (f"{self.syncs} syncs until all are Ready", f"{self.ready_s:.1f} s"),
            (f"at rest, {self.minutes:g} min: statements a minute each", f"{self.statements_per_minute_each:.2f}"),
            ("writes to the Kubernetes API", f"{self.kubernetes_writes}"),
            ("processor", f"{self.cpu_share:.1%}"),
            ("peak memory", f"{self.peak_rss_mib:.0f} MiB"),
        ]


def measure(syncs: int, minutes: float, folder: Path, say: Say) -> TableSyncsAtRest:
    """Sync `syncs` tables of one database, by a sync each. Raises SetupError where PostgreSQL is missing."""
    with table_stage(folder) as stage:
        source, destination = stage.databases("many")
        create = "CREATE TABLE t{0} AS SELECT n AS id FROM generate_series(1, 10) n"
        for number in range(syncs):
            run(source, create.format(number), f"ALTER TABLE t{number} ADD PRIMARY KEY (id)")
        return asyncio.run(_measure(stage, syncs, minutes, (source, destination), say))


async def _measure(stage: TableStage, syncs: int, minutes: float, urls: tuple[str, str], say: Say) -> TableSyncsAtRest:
    operator = stage.operator
    async with ClusterClient(stage.kubeconfig) as cluster:
        await cluster.create(SECRETS, secret("many", *urls))
        listed = await cluster.get(SYNCS)
        started = time.perf_counter()
        for number in range(syncs):
            await cluster.create(SYNCS, sync(f"t{number}", "many", f"t{number}"))
        await wait_until_ready(cluster, SYNCS, syncs, listed["metadata"]["resourceVersion"], _PATIENCE)
        ready = time.perf_counter() - started
        say(f"  {syncs} are Ready after {ready:.1f} s")
        await asyncio.sleep(_SETTLED)
        before, used = await OperatorMetrics.of(operator.url), cpu_s(operator.pid)
        await asyncio.sleep(minutes * 60)
        after, used = await OperatorMetrics.of(operator.url), cpu_s(operator.pid) - used
    statements = after.total(_STATEMENTS) - before.total(_STATEMENTS)
    return TableSyncsAtRest(
        syncs=syncs,
        ready_s=round(ready, 1),
        minutes=minutes,
        statements_per_minute_each=round(statements / minutes / syncs, 2),
        kubernetes_writes=round(after.total(_WRITES) - before.total(_WRITES)),
        cpu_share=round(used / (minutes * 60), 4),
        peak_rss_mib=peak_rss_mib(operator.pid),
    )
