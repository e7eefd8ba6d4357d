"""Thousands of movers applied at once to an operator with default settings, and its restart among them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import aiohttp

from benchmarks.arena import Arena, arena
from benchmarks.counting import requests_so_far
from benchmarks.figures import Figures
from benchmarks.movers_ready import NEEDED
from benchmarks.operated import operated
from benchmarks.operator_metrics import OperatorMetrics
from benchmarks.usage import peak_rss_mib

DEFAULT_RATE = 100.0
"""AWS calls a second: the default of the operator's setting awsRate."""

_DELAY = "datamover_event_loop_delay_seconds"
_PROBE_S = 1.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class ManyMovers(Figures):
    """The figures; the floor is the time that the pace of AWS calls alone takes."""

    movers: int
    seconds: float
    floor_s: float
    ratio: float
    rss_mib: float
    loop_delay_p50_at_most_s: float
    loop_delay_longest_at_most_s: float
    probe_p50_ms: float
    probe_longest_ms: float
    restart_to_quiet_s: float
    writes_after_restart: int

    def rows(self) -> list[tuple[str, str]]:
        """Return a table: what, and the figure."""
        return [
            ("time to all Ready", f"{self.seconds:.0f} s, {self.ratio:.2f} of the pace alone"),
            ("peak memory", f"{self.rss_mib:.0f} MiB"),
            ("event loop late, p50", f"at most {1000 * self.loop_delay_p50_at_most_s:.0f} ms"),
            ("event loop late, at worst", f"at most {1000 * self.loop_delay_longest_at_most_s:.0f} ms"),
            ("/healthz, p50 and at worst", f"{self.probe_p50_ms:.0f} ms, {self.probe_longest_ms:.0f} ms"),
            ("a restart until quiet", f"{self.restart_to_quiet_s:.0f} s, {self.writes_after_restart} writes"),
        ]


def paced_s(movers: int) -> float:
    """The time that the pace of AWS calls alone takes until so many movers are Ready."""
    return movers * NEEDED.total() / DEFAULT_RATE


def patience_s(movers: int) -> float:
    """When to give up waiting for them."""
    return 5 * paced_s(movers) + 120


def measure(movers: int, folder: Path, say: Say) -> ManyMovers:
    """Apply so many movers, wait until all are Ready, restart the operator. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, movers, say))


async def _measure(arena: Arena, movers: int, say: Say) -> ManyMovers:
    floor = paced_s(movers)
    async with operated(arena, {}) as first:
        times: list[float] = []
        started = time.perf_counter()
        probes = asyncio.create_task(_probe_forever(first.process.url, times))
        try:
            await first.make_ready([f"m-{number}" for number in range(movers)], patience_s(movers))
        finally:
            probes.cancel()
        seconds = time.perf_counter() - started
        rss = peak_rss_mib(first.process.pid)
        metrics = await OperatorMetrics.of(first.process.url)
        say(f"  {movers} movers are Ready after {seconds:.0f} s")
        await first.until_quiet()
        before = (await requests_so_far(first.cluster)).mover_writes
    restarted = time.perf_counter()
    async with operated(arena, {}, log="restarted.log") as second:
        quiet = await second.until_quiet() - restarted
        writes = (await requests_so_far(second.cluster)).mover_writes - before
    return ManyMovers(
        movers=movers,
        seconds=round(seconds, 1),
        floor_s=round(floor, 1),
        ratio=round(seconds / floor, 3),
        rss_mib=rss,
        loop_delay_p50_at_most_s=metrics.at_most(_DELAY, 0.5),
        loop_delay_longest_at_most_s=metrics.at_most(_DELAY, 1),
        probe_p50_ms=round(1000 * median(times), 1),
        probe_longest_ms=round(1000 * max(times), 1),
        restart_to_quiet_s=round(quiet, 1),
        writes_after_restart=writes,
    )


async def _probe_forever(url: str, times: list[float]) -> None:
    """Ask /healthz as a kubelet does, on a connection of its own each time."""
    while True:
        started = time.perf_counter()
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as response:
            await response.read()
        times.append(time.perf_counter() - started)
        await asyncio.sleep(_PROBE_S)
