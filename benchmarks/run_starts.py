"""How long a steady mover's run waits for its start: at rest, and while thousands of other movers are being made."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import Arena, arena
from benchmarks.figures import Figures, percentiles
from benchmarks.many_movers import patience_s
from benchmarks.operated import Operated, operated
from benchmarks.run_objects import RUNS, run_of

COUNT = 100
"""In each series, one of each steady mover."""
_START_TIMEOUT_S = 60.0
_EVERY_S = 0.25
Say = Callable[[str], None]


@dataclass(frozen=True)
class RunStarts(Figures):
    """Seconds from a run's creation to its execution's ARN in its status; the floor is the same operator at rest."""

    movers: int
    runs: int
    busy_p50_s: float
    busy_p99_s: float
    rest_p50_s: float
    rest_p99_s: float

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, the figure while movers are made, the figure at rest."""
        return [
            ("", "among new movers", "at rest"),
            ("a run's start, p50", f"{1000 * self.busy_p50_s:.0f} ms", f"{1000 * self.rest_p50_s:.0f} ms"),
            ("a run's start, p99", f"{1000 * self.busy_p99_s:.0f} ms", f"{1000 * self.rest_p99_s:.0f} ms"),
        ]


def measure(movers: int, folder: Path, say: Say) -> RunStarts:
    """Start runs of steady movers at rest, then while so many other movers are made. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, movers, say))


async def _measure(arena: Arena, movers: int, say: Say) -> RunStarts:
    async with operated(arena, {}) as at_work:
        await at_work.make_ready([f"steady-{number}" for number in range(COUNT)], 120)
        await at_work.until_quiet()
        rest = await at_work.while_alive(_starts(at_work, "rest"))
        say(f"  {len(rest)} runs at rest; {movers} movers are applied")
        crowd = asyncio.create_task(at_work.make_ready([f"m-{number}" for number in range(movers)], patience_s(movers)))
        try:
            busy = await at_work.while_alive(_starts(at_work, "busy"))
            if crowd.done():
                say("  the others were Ready before the last run started: apply more movers")
        finally:
            crowd.cancel()
            await asyncio.gather(crowd, return_exceptions=True)
    (busy_p50, busy_p99), (rest_p50, rest_p99) = percentiles(busy), percentiles(rest)
    return RunStarts(movers, COUNT, busy_p50, busy_p99, rest_p50, rest_p99)


async def _starts(operated: Operated, series: str) -> list[float]:
    """Create a run four times a second, one of each steady mover; return how long each took to start."""
    created: dict[str, float] = {}
    taken: dict[str, float] = {}
    version = (await operated.cluster.get(f"{RUNS}?limit=1"))["metadata"]["resourceVersion"]
    watch = asyncio.create_task(_note_starts(operated, version, created, taken))
    try:
        for number in range(COUNT):
            name = f"{series}-{number}"
            created[name] = time.perf_counter()
            await operated.cluster.create(RUNS, run_of(f"steady-{number}", name))
            await asyncio.sleep(_EVERY_S)
        async with asyncio.timeout(_START_TIMEOUT_S):
            await watch
    finally:
        watch.cancel()
    return list(taken.values())


async def _note_starts(operated: Operated, version: str, created: dict[str, float], taken: dict[str, float]) -> None:
    while True:
        async for run in operated.cluster.watch(RUNS, version):
            version = run["metadata"]["resourceVersion"]
            name = run["metadata"]["name"]
            if name in created and name not in taken and run.get("status", {}).get("executionArn"):
                taken[name] = time.perf_counter() - created[name]
                if len(taken) == COUNT:
                    return
