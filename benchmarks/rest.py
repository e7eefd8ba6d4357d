"""The REST service's reads under a steady load, and how soon one replica sees what another one wrote.

A bare server that has the same bytes ready takes the same load: what lies between the two is the service's own. While
the load lasts the API server counts its requests: reads are answered without it.
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

from benchmarks.cluster_client import ClusterClient
from benchmarks.counting import requests_so_far
from benchmarks.figures import Figures
from benchmarks.load import Load, bare, load, require_hey
from benchmarks.rest_stage import GROUP, Stage, stage
from benchmarks.usage import cpu_s, peak_rss_mib
from datamover_dev.stack.environment import ACCOUNT_ID

RATE = 200
BAR_MS = 10.0
"""At this rate the 99th percentile is to be under this."""

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
class Route:
    """One route beside the bare server."""

    name: str
    service: Load
    bare: Load


@dataclass(frozen=True)
class Rest(Figures):
    """All figures; `p99_ms` is the worst of all routes, delays are from one replica's 202 to the other's knowing."""

    movers: int
    rate: int
    p99_ms: float
    routes: list[Route]
    kubernetes_reads: int
    cpu_share: float
    rss_mib: float
    watch_delay_p50_ms: float
    watch_delay_p99_ms: float
    load_average: float

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, the service's figure, the bare server's."""
        times = [
            (f"{each.name}: p50, p99, longest", _times(each.service), _times(each.bare), each.service.failed)
            for each in self.routes
        ]
        return [
            ("", "service", "bare server"),
            *((what, ours, theirs + (f", {failed} failed" if failed else "")) for what, ours, theirs, failed in times),
            ("requests to the API server", f"{self.kubernetes_reads}", "-"),
            ("share of one processor", f"{self.cpu_share:.0%}", "-"),
            ("peak memory", f"{self.rss_mib:.0f} MiB", "-"),
            ("another replica knows after, p50", f"{self.watch_delay_p50_ms:.0f} ms", "-"),
            ("another replica knows after, p99", f"{self.watch_delay_p99_ms:.0f} ms", "-"),
        ]


def measure(movers: int, seconds: int, folder: Path, say: Say) -> Rest:
    """Measure each route for so many seconds; logs are left in `folder`.

    Raises:
        FileNotFoundError: the load tool is missing.
    """
    require_hey()
    with stage(folder / "rest", movers, RUNS) as ready:
        service = ready.service()
        answers = {path: _get(service.url + path, ready.token) for path in ROUTES.values()}
        listed = len(json.loads(answers[_GROUP]))
        if listed != movers:
            raise ValueError(f"{listed} of {movers} movers are listed")
        before, used, began = _reads(ready), cpu_s(service.pid), time.monotonic()
        under_load = {name: _load(service.url, path, ready.token, seconds) for name, path in ROUTES.items()}
        used, reads = (cpu_s(service.pid) - used) / (time.monotonic() - began), _reads(ready) - before
        with bare(answers, ready.folder) as url:
            floor = {name: _load(url, path, ready.token, seconds) for name, path in ROUTES.items()}
        say(f"  {len(ROUTES)} routes at {RATE} requests a second, {seconds} s each")
        delays = quantiles(_delays(service.url, ready.service().url, ready.token), n=100, method="inclusive")
        return Rest(
            movers=movers,
            rate=RATE,
            p99_ms=max(each.p99_ms for each in under_load.values()),
            routes=[Route(name, under_load[name], floor[name]) for name in ROUTES],
            kubernetes_reads=reads,
            cpu_share=round(used, 3),
            rss_mib=peak_rss_mib(service.pid),
            watch_delay_p50_ms=round(delays[49], 1),
            watch_delay_p99_ms=round(delays[98], 1),
            load_average=round(os.getloadavg()[0], 1),
        )


def _load(url: str, path: str, token: str, seconds: int) -> Load:
    return load(url + path, {"X-Auth-Token": token}, rate=RATE, seconds=seconds)


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
    _get(f"{reader}{_MOVERS}", token)  # it has verified the token
    delays = []
    for number in range(CREATIONS):
        bucket = {"Type": "S3", "S3": {"S3BucketArn": "arn:aws:s3:::bucket"}}
        body = {"Name": f"new-{number}", "Source": bucket, "Destination": bucket}
        request = urllib.request.Request(  # noqa: S310 - our own
            writer + _GROUP, json.dumps(body).encode(), {"X-Auth-Token": token}, method="POST"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
            task, began = answer.headers["X-Flywheel-Task"], time.perf_counter()
        while json.loads(_get(f"{reader}/v1/datasync/flywheel?task={task}", token)) == {}:
            pass
        delays.append(1000 * (time.perf_counter() - began))
    return delays


def _get(url: str, token: str) -> bytes:
    request = urllib.request.Request(url, headers={"X-Auth-Token": token})  # noqa: S310 - our own
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own
        body: bytes = answer.read()
    return body


def _times(found: Load) -> str:
    return f"{found.p50_ms:.1f} {found.p99_ms:.1f} {found.longest_ms:.1f} ms"
