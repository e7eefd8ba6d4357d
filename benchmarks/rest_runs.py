"""What a long history costs the REST service: memory, the time to read it, and reads all over it.

The runs are written straight into etcd: over the API server each would take two requests, and minutes in all. From
there on everything is real: the API server lists and watches them as it would any others.
"""

from __future__ import annotations

import asyncio
import base64
import json
import random
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import aiohttp

from benchmarks.cluster_client import Json
from benchmarks.figures import Figures
from benchmarks.rest_stage import GROUP, NAMESPACE, Stage, run_of, stage
from benchmarks.usage import cpu_s, peak_rss_mib
from datamover_dev.stack.environment import ACCOUNT_ID

BAR_MIB = 200.0
"""100,000 runs are to fit; the chart's limit is 256 MiB."""

MOVERS = 200
READS = 2000
_FILL_S = 600.0
_AT_A_TIME = 100
_SEED = 20260131
_GROUP = f"/v1/datasync/{ACCOUNT_ID}/movers/{GROUP}"
Say = Callable[[str], None]


@dataclass(frozen=True)
class RestRuns(Figures):
    """All figures; `reads` were each of another mover and run, one after the other, `list` among them."""

    movers: int
    runs: int
    idle_rss_mib: float
    rss_mib: float
    bytes_per_run: float
    fill_s: float
    fill_cpu_s: float
    read_p50_ms: float
    read_p99_ms: float

    def rows(self) -> list[tuple[str, str]]:
        """Return a table."""
        return [
            ("peak memory without runs", f"{self.idle_rss_mib:.0f} MiB"),
            (f"peak memory with {self.runs} runs", f"{self.rss_mib:.0f} MiB"),
            ("memory per run", f"{self.bytes_per_run:.0f} bytes"),
            ("ready after", f"{self.fill_s:.1f} s, {self.fill_cpu_s:.1f} s of a processor"),
            ("reads here and there, p50, p99", f"{self.read_p50_ms:.1f} {self.read_p99_ms:.1f} ms"),
        ]


def measure(runs: int, folder: Path, say: Say) -> RestRuns:
    """Measure with so many runs of 200 movers; logs are left in `folder`."""
    with stage(folder / "rest-runs", MOVERS, 0) as ready:
        idle = ready.service()
        idle_rss = peak_rss_mib(idle.pid)
        idle.terminate()
        began = time.monotonic()
        asyncio.run(_store(ready, runs))
        say(f"  {runs} runs written in {time.monotonic() - began:.0f} s")
        began = time.monotonic()
        service = ready.service(_FILL_S)
        fill, fill_cpu = time.monotonic() - began, cpu_s(service.pid)
        delays = quantiles(asyncio.run(_read(service.url, ready.token, runs)), n=100, method="inclusive")
        rss = peak_rss_mib(service.pid)
        return RestRuns(
            movers=MOVERS,
            runs=runs,
            idle_rss_mib=idle_rss,
            rss_mib=rss,
            bytes_per_run=round((rss - idle_rss) * 2**20 / runs, 1),
            fill_s=round(fill, 1),
            fill_cpu_s=round(fill_cpu, 1),
            read_p50_ms=round(delays[49], 2),
            read_p99_ms=round(delays[98], 2),
        )


async def _store(ready: Stage, runs: int) -> None:
    """Put runs into etcd, as the API server would have stored them."""
    async with aiohttp.ClientSession(ready.etcd) as session:
        batches = iter(range(0, runs, _AT_A_TIME))

        async def work() -> None:
            for first in batches:
                puts = [_put(run) for run in _stored(ready.movers, range(first, min(first + _AT_A_TIME, runs)))]
                async with session.post("/v3/kv/txn", json={"success": puts}, raise_for_status=True):
                    pass

        await asyncio.gather(*(work() for _ in range(4)))


def _stored(movers: list[Json], numbers: range) -> Iterator[Json]:
    for number in numbers:
        mover = movers[number % len(movers)]
        run = run_of(mover, number)
        run["metadata"] |= {
            "namespace": NAMESPACE,
            "uid": str(uuid.uuid4()),
            "generation": 1,
            "creationTimestamp": "2026-01-31T12:00:00Z",
        }
        yield run


def _put(run: Json) -> Json:
    key = f"/registry/datamover.io/datamoverruns/{NAMESPACE}/{run['metadata']['name']}"
    return {"requestPut": {"key": _base64(key), "value": _base64(json.dumps(run))}}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def _read(url: str, token: str, runs: int) -> list[float]:
    """The times in ms of reads of movers, their histories and single runs, wherever chance leads."""
    chance = random.Random(_SEED)  # noqa: S311 - the same reads each time
    delays: list[float] = []
    async with aiohttp.ClientSession(url, headers={"X-Auth-Token": token}) as session:
        for _ in range(READS):
            number = chance.randrange(runs)
            mover = f"{_GROUP}/mover-{number % MOVERS:04}"
            path = chance.choice((mover, f"{mover}/runs", f"{mover}/runs/exec-{number:017x}"))
            began = time.perf_counter()
            async with session.get(path, raise_for_status=True) as answer:
                await answer.read()
            delays.append(1000 * (time.perf_counter() - began))
    return delays
