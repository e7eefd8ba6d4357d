"""The REST service's reads under a steady load, and how soon one replica sees what another one wrote.

While the load lasts the API server counts its requests: reads are answered without it.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

from benchmarks.beside import RATE, Rounds, Route, compare, table
from benchmarks.cluster_client import ClusterClient
from benchmarks.counting import requests_so_far
from benchmarks.figures import Figures
from benchmarks.load import Server, read, require_hey
from benchmarks.rest_stage import GROUP, Stage, stage
from benchmarks.usage import peak_rss_mib
from datamover_dev.stack.environment import ACCOUNT_ID

RUNS = 100
CREATIONS = 100
_MOVERS = f"/v1/datasync/{ACCOUNT_ID}/movers"
_GROUP = f"{_MOVERS}/{GROUP}"
_FIRST = f"{_GROUP}/mover-0000"
ROUTES = {
    "list": _GROUP,
    "show": _FIRST,
    "runs": f"{_FIRST}/runs",
    "run": f"{_FIRST}/runs/exec-{0:017x}",
}
Say = Callable[[str], None]


@dataclass(frozen=True)
class Rest(Figures):
    """All figures; `p99_*` are the worst of all routes, delays are from one replica's 202 to the other's knowing."""

    movers: int
    rate: int
    rounds: int
    p99_ms: float
    p99_ratio: float
    routes: list[Route]
    kubernetes_reads: int
    rss_mib: float
    watch_delay_p50_ms: float
    watch_delay_p99_ms: float
    load_average: float

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table: what, the service's figure, the bare server's, the ratio."""
        return [
            *table(self.routes),
            ("requests to the API server", f"{self.kubernetes_reads}", "-"),
            ("peak memory", f"{self.rss_mib:.0f} MiB", "-"),
            ("another replica knows after, p50", f"{self.watch_delay_p50_ms:.0f} ms", "-"),
            ("another replica knows after, p99", f"{self.watch_delay_p99_ms:.0f} ms", "-"),
        ]


def measure(movers: int, rounds: Rounds, folder: Path, say: Say) -> Rest:
    """Measure each route; logs are left in `folder`.

    Raises:
        FileNotFoundError: the load tool is missing.
    """
    require_hey()
    with stage(folder / "rest", movers, RUNS) as ready:
        service = ready.service()
        headers = {"X-Auth-Token": ready.token}
        listed = len(json.loads(read(service.url + _GROUP, headers)))
        if listed != movers:
            raise ValueError(f"{listed} of {movers} movers are listed")
        say(f"  {len(ROUTES)} routes at {RATE} requests a second, {rounds.count} times {rounds.seconds} s each")
        before = _reads(ready)
        routes = compare(Server(service.url, service.pid), ROUTES, headers, rounds, ready.folder)
        reads = _reads(ready) - before
        delays = quantiles(_delays(service.url, ready.service().url, ready.token), n=100, method="inclusive")
        return Rest(
            movers=movers,
            rate=RATE,
            rounds=rounds.count,
            p99_ms=max(each.service.p99_ms for each in routes),
            p99_ratio=max(each.p99_ratio for each in routes),
            routes=routes,
            kubernetes_reads=reads,
            rss_mib=peak_rss_mib(service.pid),
            watch_delay_p50_ms=round(delays[49], 1),
            watch_delay_p99_ms=round(delays[98], 1),
            load_average=round(os.getloadavg()[0], 1),
        )


def _reads(ready: Stage) -> int:
    """Reads of movers and runs that the API server has answered so far."""

    async def count() -> int:
        async with ClusterClient(ready.kubeconfig) as cluster:
            counted = (await requests_so_far(cluster)).counted
        ours = {"datamovers", "datamoverruns", "datamoveraccounts"}
        return sum(number for (kind, _, verb), number in counted.items() if kind in ours and verb in {"GET", "LIST"})

    return asyncio.run(count())


def _delays(writer: str, reader: str, token: str) -> list[float]:
    """The times in ms from a 202 of one replica until the other one knows the mover."""
    headers = {"X-Auth-Token": token}
    read(f"{reader}{_MOVERS}", headers)  # it has verified the token
    delays = []
    for number in range(CREATIONS):
        bucket = {"Type": "S3", "S3": {"S3BucketArn": "arn:aws:s3:::bucket"}}
        body = {"Name": f"new-{number}", "Source": bucket, "Destination": bucket}
        request = urllib.request.Request(  # noqa: S310 - our own
            writer + _GROUP, json.dumps(body).encode(), headers, method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
            task, began = answer.headers["X-Flywheel-Task"], time.perf_counter()
        while json.loads(read(f"{reader}/v1/datasync/flywheel?task={task}", headers)) == {}:
            pass
        delays.append(1000 * (time.perf_counter() - began))
    return delays
