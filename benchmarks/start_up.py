"""From exec to ready: an operator's process, beside an API server that holds one account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.arena import NAMESPACE, Arena, arena
from benchmarks.figures import Figures
from benchmarks.usage import cpu_s
from datamover_dev.stack.operator import Operator


@dataclass(frozen=True)
class StartUp(Figures):
    """Seconds until /readyz answers 200, and the processor time until then; of `starts` starts, the first left out."""

    starts: int
    ready_p50_s: float
    ready_longest_s: float
    processor_p50_s: float

    def rows(self) -> list[tuple[str, str]]:
        """Return a table: what, and the figure."""
        return [
            ("from exec to ready, median", f"{self.ready_p50_s:.2f} s"),
            ("from exec to ready, at worst", f"{self.ready_longest_s:.2f} s"),
            ("processor time until then, median", f"{self.processor_p50_s:.2f} s"),
        ]


def measure(starts: int, folder: Path) -> StartUp:
    """Start an operator so many times, one after another. Raises SetupError."""
    with arena(folder / "arena") as fresh:
        _start(fresh)  # reads the files for the first time, and compiles them
        seconds, used = zip(*(_start(fresh) for _ in range(starts)), strict=True)
    return StartUp(starts, *(round(each, 3) for each in (median(seconds), max(seconds), median(used))))


def _start(arena: Arena) -> tuple[float, float]:
    own = {"DATAMOVER_NAMESPACES": NAMESPACE, "DATAMOVER_OPERATOR_NAMESPACE": NAMESPACE}
    started = time.perf_counter()
    process = Operator(log=arena.folder / "operator.log", environment={**arena.environment, **own})
    try:
        process.wait_until_ready()
        return time.perf_counter() - started, cpu_s(process.pid)
    finally:
        process.terminate()
