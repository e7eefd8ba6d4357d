"""From an execution's end to its run's last phase, beside a bare script that polls at the same interval and writes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.arena import Arena, arena
from benchmarks.cluster_client import Json
from benchmarks.figures import Figures
from benchmarks.judge import COLLECTION
from benchmarks.operated import Operated, operated
from benchmarks.run_objects import RUNS, run_of

POLL_S = 5.0
"""The default of the operator's setting runPollIntervalSeconds."""

_PATIENCE_S = 60.0
_ENDED = ("SUCCESS", "ERROR")


@dataclass(frozen=True)
class RunRecorded(Figures):
    """Seconds from EndTime, as AWS gives it, to the write; medians and worst over `runs` runs each."""

    runs: int
    operator_p50_s: float
    operator_longest_s: float
    floor_p50_s: float
    floor_longest_s: float
    ratio: float

    def rows(self) -> list[tuple[str, str, str]]:
        """Return a table: what, the operator's figure, the script's."""
        return [
            ("", "operator", "script"),
            ("a run's end to recorded, median", f"{self.operator_p50_s:.2f} s", f"{self.floor_p50_s:.2f} s"),
            ("a run's end to recorded, at worst", f"{self.operator_longest_s:.2f} s", f"{self.floor_longest_s:.2f} s"),
            ("ratio of the medians", f"{self.ratio:.2f}", "1"),
        ]


def measure(runs: int, folder: Path) -> RunRecorded:
    """Start so many runs, one of each mover, a tenth of a second apart. Raises OperatorEndedError."""
    with arena(folder / "arena") as fresh:
        return asyncio.run(_measure(fresh, runs))


async def _measure(arena: Arena, runs: int) -> RunRecorded:
    names = [f"m-{number}" for number in range(runs)]
    async with operated(arena, {}) as at_work:
        await at_work.make_ready(names, 10 * _PATIENCE_S)
        operator = await at_work.while_alive(recording_delays(arena, at_work, names, "run"))
        movers = [await at_work.cluster.get(f"{COLLECTION}/{name}") for name in names]
        script = await _of_script(arena, at_work, movers)
    p50, floor = median(operator), median(script)
    figures = (p50, max(operator), floor, max(script), p50 / floor)
    return RunRecorded(runs, *(round(each, 3) for each in figures))


async def recording_delays(arena: Arena, operated: Operated, names: list[str], prefix: str) -> list[float]:
    """Start a run of each mover, a tenth of a second apart; return the seconds from each one's end to its last phase.

    Raises TimeoutError where they take more than a minute longer than that.
    """
    version = (await operated.cluster.get(f"{RUNS}?limit=1"))["metadata"]["resourceVersion"]
    recorded: dict[str, tuple[float, str]] = {}
    starts = asyncio.create_task(_create(operated, names, prefix))
    async with asyncio.timeout(_PATIENCE_S + len(names)):
        while len(recorded) < len(names):
            async for run in operated.cluster.watch(RUNS, version):
                version = run["metadata"]["resourceVersion"]
                status = run.get("status", {})
                if status.get("phase") in ("Succeeded", "Failed") and run["metadata"]["name"].startswith(f"{prefix}-"):
                    recorded.setdefault(run["metadata"]["name"], (time.time(), status["executionArn"]))
                if len(recorded) == len(names):
                    break
    await starts
    datasync = arena.client("datasync")
    return [at - await _end(datasync, arn) for at, arn in recorded.values()]


async def _create(operated: Operated, names: list[str], prefix: str) -> None:
    for name in names:
        await operated.cluster.create(RUNS, run_of(name, f"{prefix}-{name}"))
        await asyncio.sleep(0.1)


async def _of_script(arena: Arena, operated: Operated, movers: list[Json]) -> list[float]:
    datasync = arena.client("datasync")
    delays = []

    async def one(number: int, mover: Json) -> None:
        await asyncio.sleep(0.1 * number)
        started = await asyncio.to_thread(datasync.start_task_execution, TaskArn=mover["status"]["taskArn"])
        arn = started["TaskExecutionArn"]
        while True:
            await asyncio.sleep(POLL_S)
            if (await _describe(datasync, arn))["Status"] in _ENDED:
                break
        await operated.cluster.patch(
            f"{COLLECTION}/{mover['metadata']['name']}", {"metadata": {"annotations": {"bench/ended": arn}}}
        )
        delays.append(time.time() - await _end(datasync, arn))

    await asyncio.gather(*(one(number, mover) for number, mover in enumerate(movers)))
    return delays


async def _end(datasync: Any, arn: str) -> float:  # noqa: ANN401 - boto3's clients have no types
    ended: float = (await _describe(datasync, arn))["EndTime"].timestamp()
    return ended


async def _describe(datasync: Any, arn: str) -> Json:  # noqa: ANN401
    found: Json = await asyncio.to_thread(datasync.describe_task_execution, TaskExecutionArn=arn)
    return found
