"""`make bench`: measure, print tables, and write the figures down."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from benchmarks import (
    at_rest,
    copying,
    events,
    many_movers,
    movers_ready,
    one_mover,
    rest,
    rest_facades,
    rest_runs,
    run_recorded,
    run_starts,
    selecting,
    start_up,
    table_copies,
    table_latency,
    table_syncs,
)
from benchmarks.beside import Rounds
from benchmarks.cluster_client import Json
from datamover_dev.paths import LOCAL
from datamover_dev.postgres.programs import PACKAGE, is_installed

_LARGE_MIB = 1024


class Found(Protocol):
    """What a benchmark has measured."""

    def as_json(self) -> Json:
        """Return it for bench.json."""

    def rows(self) -> Sequence[tuple[str, ...]]:
        """Return a table: what, then its figures."""


def main(argv: Sequence[str]) -> None:
    """Measure what the command line asks for; figures of what it leaves out stay in the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(_BENCHMARKS), help="measure this alone (default: everything)")
    parser.add_argument("--movers", type=int, default=1000, help="movers applied in each run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side (default: %(default)s)")
    parser.add_argument(
        "--seconds", type=int, default=5, help="load on a REST route in each round (default: %(default)s)"
    )
    parser.add_argument("--runs", type=int, default=100_000, help="runs that REST remembers (default: %(default)s)")
    parser.add_argument("--crowd", type=int, default=5000, help="movers applied at once (default: %(default)s)")
    parser.add_argument("--minutes", type=float, default=15, help="how long movers rest (default: %(default)s)")
    parser.add_argument("--rows", type=int, default=5_000_000, help="rows of the copied table (default: %(default)s)")
    parser.add_argument("--commits", type=int, default=500, help="commits that are followed (default: %(default)s)")
    parser.add_argument("--syncs", type=int, default=100, help="table syncs on one operator (default: %(default)s)")
    parser.add_argument("--keys", type=int, default=1_000_000, help="objects selected (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=LOCAL / "bench.json", help="where the figures go")
    arguments = parser.parse_args(argv)
    for name in [arguments.only] if arguments.only else _BENCHMARKS:
        folder = Path(tempfile.mkdtemp(prefix="datamover-bench-"))
        try:
            _write(arguments.out, {name: _BENCHMARKS[name](arguments, folder)})
        finally:
            shutil.rmtree(folder)


def _start_up(arguments: argparse.Namespace, folder: Path) -> Json:
    _say("An operator's process from exec to ready")
    return _table(start_up.measure(5 * arguments.rounds, folder))


def _movers_ready(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"{arguments.movers} movers from apply to Ready, {arguments.rounds} runs of the operator and the bare script")
    return _table(movers_ready.compare(arguments.movers, arguments.rounds, folder, _say))


def _copying(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say(f"The emulator's copying beside rclone's, {arguments.rounds} runs of each")
    try:
        found = copying.compare(arguments.rounds, _LARGE_MIB, folder, _say)
    except FileNotFoundError as error:
        _say(f"  left out: {error}")
        return None
    _say(f"  {found.files} files, {found.mib} MiB: at worst {found.ratio:.2f} of rclone's speed")
    return found.as_json()


def _rest(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say(f"The REST service's reads with {arguments.movers} movers in a group")
    try:
        found = rest.measure(arguments.movers, Rounds(arguments.rounds, arguments.seconds), folder, _say)
    except FileNotFoundError as error:
        _say(f"  left out: {error}")
        return None
    return _table(found)


def _rest_facades(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say(f"The other REST facades' reads with {arguments.movers} storages and syncs")
    try:
        found = rest_facades.measure(arguments.movers, Rounds(arguments.rounds, arguments.seconds), folder, _say)
    except FileNotFoundError as error:
        _say(f"  left out: {error}")
        return None
    return _table(found)


def _rest_runs(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"The REST service with {arguments.runs} runs")
    return _table(rest_runs.measure(arguments.runs, folder, _say))


def _one_mover(arguments: argparse.Namespace, folder: Path) -> Json:
    _say("One mover from apply to Ready, the operator and the bare script")
    return _table(one_mover.measure(10 * arguments.rounds, folder))


def _run_recorded(arguments: argparse.Namespace, folder: Path) -> Json:
    _say("From a run's end to recorded, the operator and a bare script that polls as often")
    return _table(run_recorded.measure(20 * arguments.rounds, folder))


def _events(arguments: argparse.Namespace, folder: Path) -> Json:
    _say("From a run's end to recorded, with a queue of DataSync's state changes and by polling")
    return _table(events.measure(20 * arguments.rounds, folder))


def _run_starts(arguments: argparse.Namespace, folder: Path) -> Json:
    _say("A run's start, at rest and while other movers are made")
    return _table(run_starts.measure(3 * arguments.movers, folder, _say))


def _many_movers(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"{arguments.crowd} movers at once, default settings")
    return _table(many_movers.measure(arguments.crowd, folder, _say))


def _at_rest(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"{arguments.movers} movers at rest, default settings")
    return _table(at_rest.measure(arguments.movers, arguments.minutes, folder, _say))


def _selecting(arguments: argparse.Namespace, _: Path) -> Json:
    _say(f"A selection of {arguments.keys} objects")
    return _table(selecting.measure(arguments.keys))


def _table_copies(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say(f"A table's first copy, {arguments.rows} rows, {arguments.rounds} runs of each way")
    return _with_postgres(lambda: table_copies.measure(arguments.rows, arguments.rounds, folder, _say))


def _table_latency(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say("From a commit to its row at the destination")
    return _with_postgres(lambda: table_latency.measure(arguments.commits, folder))


def _table_syncs(arguments: argparse.Namespace, folder: Path) -> Json | None:
    _say(f"{arguments.syncs} table syncs on one operator, default settings")
    return _with_postgres(lambda: table_syncs.measure(arguments.syncs, arguments.minutes, folder, _say))


def _with_postgres(measure: Callable[[], Found]) -> Json | None:
    if is_installed():
        return _table(measure())
    _say(f"  left out: PostgreSQL is not installed (on Debian: apt-get install {PACKAGE})")
    return None


def _table(found: Found) -> Json:
    for what, *figures in found.rows():
        _say(f"  {what:<36}" + "".join(f" {figure:>20}" for figure in figures))
    return found.as_json()


_BENCHMARKS: dict[str, Callable[[argparse.Namespace, Path], Json | None]] = {
    "start_up": _start_up,
    "movers_ready": _movers_ready,
    "one_mover": _one_mover,
    "run_recorded": _run_recorded,
    "events": _events,
    "run_starts": _run_starts,
    "many_movers": _many_movers,
    "at_rest": _at_rest,
    "copying": _copying,
    "selecting": _selecting,
    "rest": _rest,
    "rest_facades": _rest_facades,
    "rest_runs": _rest_runs,
    "table_copies": _table_copies,
    "table_latency": _table_latency,
    "table_syncs": _table_syncs,
}


def _write(out: Path, figures: dict[str, Json | None]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    known: Json = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(json.dumps(known | figures, indent=2) + "\n")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
