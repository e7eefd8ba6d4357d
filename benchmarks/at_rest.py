"""What movers cost that are Ready and change nothing: AWS calls, writes and processor time, with default settings."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.arena import Arena, arena
from benchmarks.counting import requests_so_far
from benchmarks.figures import Figures
from benchmarks.many_movers import patience_s
from benchmarks.operated import operated
from benchmarks.usage import cpu_s

_HOUR_S = 3600
Say = Callable[[str], None]


@dataclass(frozen=True)
class AtRest(Figures):
    """The figures of `minutes` minutes; calls are reckoned up to an hour, by operation."""

    movers: int
    minutes: float
    aws_calls_per_hour: float
    by_operation_per_hour: dict[str, float]
    writes: int
    core_percent: float

    def rows(self) -> list[tuple[str, str]]:
        """Return a table: what, and the figure."""
        return [
            ("AWS calls an hour", f"{self.aws_calls_per_hour:.0f}"),
            *((f"  {name}", f"{count:.0f}") for name, count in sorted(self.by_operation_per_hour.items())),
            ("writes", f"{self.writes}"),
            ("of a core", f"{self.core_percent:.2f} %"),
        ]


def measure(movers: int, minutes: float, folder: Path, say: Say) -> AtRest:
    """Make so many movers Ready, then watch them for so long. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, movers, minutes, say))


async def _measure(arena: Arena, movers: int, minutes: float, say: Say) -> AtRest:
    async with operated(arena, {}) as at_work:
        await at_work.make_ready([f"m-{number}" for number in range(movers)], patience_s(movers))
        await at_work.until_quiet()
        say(f"  {movers} movers are at rest; {minutes:g} minutes begin")
        calls, written = arena.aws_calls(), (await requests_so_far(at_work.cluster)).mover_writes
        used, started = cpu_s(at_work.process.pid), time.perf_counter()
        await at_work.while_alive(asyncio.sleep(60 * minutes))
        seconds = time.perf_counter() - started
        used = cpu_s(at_work.process.pid) - used
        made = arena.aws_calls() - calls
        writes = (await requests_so_far(at_work.cluster)).mover_writes - written
    scale = _HOUR_S / seconds
    return AtRest(
        movers=movers,
        minutes=minutes,
        aws_calls_per_hour=round(made.total() * scale, 1),
        by_operation_per_hour={name: round(count * scale, 1) for name, count in made.items()},
        writes=writes,
        core_percent=round(100 * used / seconds, 3),
    )
