"""One mover from apply to Ready, beside the bare script that sends the same calls, in turn on the same servers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.arena import AWS_IN_FLIGHT, Arena, arena
from benchmarks.cluster_client import ClusterClient
from benchmarks.figures import Figures
from benchmarks.floor import Script
from benchmarks.operated import operated

_PATIENCE_S = 60.0


@dataclass(frozen=True)
class OneMover(Figures):
    """Medians over `rounds` movers each."""

    rounds: int
    operator_s: float
    floor_s: float
    ratio: float

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, the operator's figure, the script's."""
        return [
            ("", "operator", "script"),
            ("apply to Ready, median", f"{1000 * self.operator_s:.0f} ms", f"{1000 * self.floor_s:.0f} ms"),
            ("ratio", f"{self.ratio:.2f}", "1"),
        ]


def measure(rounds: int, folder: Path) -> OneMover:
    """Make one mover Ready after the other. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, rounds))


async def _measure(arena: Arena, rounds: int) -> OneMover:
    async with operated(arena, {}) as at_work:
        operator = [await _timed(at_work.make_ready([f"m-{number}"], _PATIENCE_S)) for number in range(rounds + 1)]
    with ThreadPoolExecutor(AWS_IN_FLIGHT) as pool:
        async with ClusterClient(arena.kubeconfig) as cluster:
            script = Script(cluster, pool, arena.client("datasync"), arena.client("iam"))
            floor = [await _timed(script.make_ready(f"script-{number}")) for number in range(rounds + 1)]
    operator_s, floor_s = median(operator[1:]), median(floor[1:])  # the first opens connections
    return OneMover(rounds, round(operator_s, 4), round(floor_s, 4), round(operator_s / floor_s, 3))


async def _timed(work: Awaitable[None]) -> float:
    started = time.perf_counter()
    await work
    return time.perf_counter() - started
