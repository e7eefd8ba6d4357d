"""Many movers applied at once: the time until all are Ready, beside that of a bare script that sends the same calls.

The API server and the emulator do the same work for both and share the processors with them, so their cost is in both
times. Each run has an API server and an emulator of its own. Runs alternate, and the ratio is the median of the pairs'
ratios: a machine that others use, too, may be a third slower half an hour later.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks import floor
from benchmarks.arena import Arena, arena
from benchmarks.cluster_client import ClusterClient
from benchmarks.counting import Requests, requests_so_far
from benchmarks.figures import Figures
from benchmarks.judge import COLLECTION, wait_until_ready
from benchmarks.operated import apply_movers, operated
from benchmarks.usage import cpu_s, peak_rss_mib

NEEDED: Counter[str] = Counter(
    CreateRole=2, PutRolePolicy=2, CreateLocationS3=2, CreateTask=1, DescribeTask=1, DescribeLocationS3=2
)
"""The AWS calls that one mover from S3 to S3 needs; the emulator's tasks are AVAILABLE at once."""

_FIRST_LISTING: Counter[str] = Counter(ListTaskExecutions=1)
"""An account's executions are listed once when it has its first task: within the time that is measured, or after it."""

UNPACED = {
    "DATAMOVER_AWS_RATE": "10000",
    "DATAMOVER_AWS_BURST": "100000",
    "DATAMOVER_SWEEP_INTERVAL_SECONDS": "3600",
}
"""The script knows no pace, so the operator gets none; the sweep asks per account and interval, not per mover."""

_PATIENCE_S = 60.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """One run's figures; `cpu_s` and the peak `rss_mib` are of the process that made the movers Ready."""

    seconds: float
    cpu_s: float
    writes: int
    events: int
    aws_calls: Counter[str]
    rss_mib: float


@dataclass(frozen=True)
class MoversReady(Figures):
    """What the runs say together."""

    movers: int
    operator_s: float
    floor_s: float
    ratio: float
    kubernetes_writes_per_mover: float
    events_per_mover: float
    aws_calls_per_mover: float
    aws_calls_needed_per_mover: int
    aws_calls: dict[str, int]
    rss_mib: float
    floor_rss_mib: float
    operator_cpu_s: float
    floor_cpu_s: float
    operator_runs_s: list[float]
    floor_runs_s: list[float]

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, the operator's figure, the script's."""
        needed = self.aws_calls_needed_per_mover
        return [
            ("", "operator", "script"),
            ("time to all Ready, median", f"{self.operator_s:.1f} s", f"{self.floor_s:.1f} s"),
            ("ratio, median of the pairs", f"{self.ratio:.2f}", "1"),
            ("processor time", f"{self.operator_cpu_s:.1f} s", f"{self.floor_cpu_s:.1f} s"),
            ("writes to a mover or its status", f"{self.kubernetes_writes_per_mover:.2f}", "5"),
            ("Events of a mover", f"{self.events_per_mover:.2f}", "2"),
            ("AWS calls of a mover", f"{self.aws_calls_per_mover:.2f}", f"{needed}"),
            ("peak memory", f"{self.rss_mib:.0f} MiB", f"{self.floor_rss_mib:.0f} MiB"),
        ]


def compare(movers: int, rounds: int, folder: Path, say: Say) -> MoversReady:
    """Measure operator and script in turn, `rounds` times each; logs are left in `folder`."""
    operator, script = [], []
    for number in range(1, rounds + 1):
        with arena(folder / f"operator-{number}") as fresh:
            operator.append(asyncio.run(measure_operator(fresh, movers)))
        say(f"  operator, run {number}: {operator[-1].seconds:.1f} s")
        with arena(folder / f"floor-{number}") as fresh:
            script.append(asyncio.run(measure_floor(fresh, movers)))
        say(f"  script,   run {number}: {script[-1].seconds:.1f} s")
    return _together(movers, operator, script)


def _together(movers: int, operator: list[Run], script: list[Run]) -> MoversReady:
    operator_s, floor_s = (median(run.seconds for run in runs) for runs in (operator, script))
    return MoversReady(
        movers=movers,
        operator_s=round(operator_s, 2),
        floor_s=round(floor_s, 2),
        ratio=round(median(run.seconds / other.seconds for run, other in zip(operator, script, strict=True)), 3),
        kubernetes_writes_per_mover=max(run.writes for run in operator) / movers,
        events_per_mover=max(run.events for run in operator) / movers,
        aws_calls_per_mover=max(run.aws_calls.total() for run in operator) / movers,
        aws_calls_needed_per_mover=NEEDED.total(),
        aws_calls=dict(sum((run.aws_calls for run in operator), Counter())),
        rss_mib=max(run.rss_mib for run in operator),
        floor_rss_mib=max(run.rss_mib for run in script),
        operator_cpu_s=round(median(run.cpu_s for run in operator), 2),
        floor_cpu_s=round(median(run.cpu_s for run in script), 2),
        operator_runs_s=[round(run.seconds, 2) for run in operator],
        floor_runs_s=[round(run.seconds, 2) for run in script],
    )


async def measure_operator(arena: Arena, movers: int) -> Run:
    """Apply movers for a running operator, and wait until all are Ready."""
    async with operated(arena, UNPACED) as at_work:
        names = [f"m-{number}" for number in range(movers)]
        measured = _measure(
            arena, at_work.cluster, movers, at_work.process.pid, lambda: apply_movers(at_work.cluster, names)
        )
        return await at_work.while_alive(measured)


async def measure_floor(arena: Arena, movers: int) -> Run:
    """Let the bare script make as many movers Ready."""
    script = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", floor.__name__, str(movers)),
        env=arena.environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert script.stdin is not None  # noqa: S101 - asked for above
    assert script.stdout is not None  # noqa: S101
    go = script.stdin

    async def begin() -> None:
        go.write(b"go\n")
        await go.drain()

    try:
        await script.stdout.readline()
        async with ClusterClient(arena.kubeconfig) as cluster:
            return await _measure(arena, cluster, movers, script.pid, begin)
    finally:
        if script.returncode is None:
            script.kill()
        await script.wait()


async def _measure(
    arena: Arena, cluster: ClusterClient, movers: int, pid: int, begin: Callable[[], Awaitable[None]]
) -> Run:
    """Measure from `begin` until all movers are Ready, and count what it took once the last Event is written."""
    listed = await cluster.get(COLLECTION)
    requests, calls = await requests_so_far(cluster), arena.aws_calls()
    judge = asyncio.create_task(
        wait_until_ready(cluster, COLLECTION, movers, listed["metadata"]["resourceVersion"], _PATIENCE_S + movers)
    )
    used, started = cpu_s(pid), time.perf_counter()
    await begin()
    await judge
    seconds = time.perf_counter() - started
    used, rss = cpu_s(pid) - used, peak_rss_mib(pid)
    made = await _requests_when_quiet(cluster)
    return Run(
        seconds=seconds,
        cpu_s=used,
        writes=made.mover_writes - requests.mover_writes,
        events=made.events - requests.events,
        aws_calls=arena.aws_calls() - calls - _FIRST_LISTING,
        rss_mib=rss,
    )


async def _requests_when_quiet(cluster: ClusterClient) -> Requests:
    """Events are written in the background: wait until no more come."""
    before = await requests_so_far(cluster)
    while True:
        await asyncio.sleep(1)
        now = await requests_so_far(cluster)
        if (now.events, now.mover_writes) == (before.events, before.mover_writes):
            return now
        before = now
