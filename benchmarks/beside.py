"""The routes of a service under a steady load, each in turn with a bare server that has the same bytes ready.

What lies between the two is the service's own. Load goes to one of them at a time, and to both in each round, so that
whatever else the machine does meets both alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.load import Load, Server, bare, load, read, require_hey
from benchmarks.usage import cpu_s

RATE = 200
"""Requests a second."""


@dataclass(frozen=True)
class Rounds:
    """How many rounds there are, and how long each route of each server is under load in one of them."""

    count: int
    seconds: int


@dataclass(frozen=True)
class Side:
    """What clients of one server saw of one route: medians over the rounds, the longest time and failures of all."""

    p50_ms: float
    p99_ms: float
    longest_ms: float
    processor_us: float
    """What one request took of the server's processor time."""
    failed: int

    @classmethod
    def of(cls, rounds: list[tuple[Load, float]]) -> Side:
        """What so many rounds make, each with the processor time that the server used in it, in seconds."""
        loads = [found for found, _ in rounds]
        return cls(
            p50_ms=round(median(each.p50_ms for each in loads), 2),
            p99_ms=round(median(each.p99_ms for each in loads), 2),
            longest_ms=max(each.longest_ms for each in loads),
            processor_us=round(1e6 * sum(used for _, used in rounds) / sum(each.requests for each in loads), 1),
            failed=sum(each.failed for each in loads),
        )

    @property
    def times(self) -> str:
        """All times, and what failed, for people."""
        failed = f", {self.failed} failed" if self.failed else ""
        return f"{self.p50_ms:.1f} {self.p99_ms:.1f} {self.longest_ms:.1f} ms{failed}"


@dataclass(frozen=True)
class Route:
    """One route of the service beside the bare server."""

    name: str
    service: Side
    bare: Side
    p99_ratio: float

    @classmethod
    def of(cls, name: str, service: Side, bare: Side) -> Route:
        """Compare the two."""
        return cls(name, service, bare, round(service.p99_ms / bare.p99_ms, 2))


def compare(
    service: Server, paths: Mapping[str, str], headers: Mapping[str, str], rounds: Rounds, folder: Path
) -> list[Route]:
    """Load each path of a service, by name, and of a bare server.

    `folder` takes what the bare server answers.

    Raises:
        FileNotFoundError: the load tool is missing.
    """
    require_hey()
    answers = {path: read(service.url + path, headers) for path in paths.values()}

    def measured(server: Server, path: str) -> tuple[Load, float]:
        before = cpu_s(server.pid)
        found = load(server.url + path, headers, rate=RATE, seconds=rounds.seconds)
        return found, cpu_s(server.pid) - before

    rows: dict[str, list[tuple[tuple[Load, float], tuple[Load, float]]]] = {name: [] for name in paths}
    with bare({path.partition("?")[0]: body for path, body in answers.items()}, folder) as floor:
        for _ in range(rounds.count):
            for name, path in paths.items():
                rows[name].append((measured(service, path), measured(floor, path)))
    return [
        Route.of(name, Side.of([ours for ours, _ in found]), Side.of([theirs for _, theirs in found]))
        for name, found in rows.items()
    ]


def table(routes: Sequence[Route]) -> list[tuple[str, ...]]:
    """What to print of them."""
    lines: list[tuple[str, ...]] = [("", "service", "bare server", "p99 ratio")]
    for each in routes:
        ours, theirs = each.service, each.bare
        lines += [
            (f"{each.name}: p50, p99, longest", ours.times, theirs.times, f"{each.p99_ratio:.2f}"),
            (f"{each.name}: processor, a request", f"{ours.processor_us:.0f} us", f"{theirs.processor_us:.0f} us"),
        ]
    return lines
