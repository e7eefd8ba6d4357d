"""`make bench`: measure, print tables, and write the figures down."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import copying, movers_ready, rest, rest_runs
from benchmarks.cluster_client import Json
from datamover_dev.paths import LOCAL

_LARGE_MIB = 1024


def main(argv: Sequence[str]) -> None:
    """Measure what the command line asks for; figures of what it leaves out stay in the file."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(_BENCHMARKS), help="measure this alone (default: everything)")
    parser.add_argument("--movers", type=int, default=1000, help="movers applied in each run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side (default: %(default)s)")
    parser.add_argument("--seconds", type=int, default=30, help="load on each REST route (default: %(default)s)")
    parser.add_argument("--runs", type=int, default=100_000, help="runs that REST remembers (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=LOCAL / "bench.json", help="where the figures go")
    arguments = parser.parse_args(argv)
    for name in [arguments.only] if arguments.only else _BENCHMARKS:
        folder = Path(tempfile.mkdtemp(prefix="datamover-bench-"))
        try:
            _write(arguments.out, {name: _BENCHMARKS[name](arguments, folder)})
        finally:
            shutil.rmtree(folder)


def _movers_ready(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"{arguments.movers} movers from apply to Ready, {arguments.rounds} runs of the operator and the bare script")
    found = movers_ready.compare(arguments.movers, arguments.rounds, folder, _say)
    for what, operator, script in found.rows():
        _say(f"  {what:<36} {operator:>10} {script:>10}")
    return found.as_json()


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
        found = rest.measure(arguments.movers, arguments.seconds, folder, _say)
    except FileNotFoundError as error:
        _say(f"  left out: {error}")
        return None
    for what, service, bare in found.rows():
        _say(f"  {what:<36} {service:>20} {bare:>20}")
    return found.as_json()


def _rest_runs(arguments: argparse.Namespace, folder: Path) -> Json:
    _say(f"The REST service with {arguments.runs} runs")
    found = rest_runs.measure(arguments.runs, folder, _say)
    for what, figure in found.rows():
        _say(f"  {what:<36} {figure:>20}")
    return found.as_json()


_BENCHMARKS: dict[str, Callable[[argparse.Namespace, Path], Json | None]] = {
    "movers_ready": _movers_ready,
    "copying": _copying,
    "rest": _rest,
    "rest_runs": _rest_runs,
}


def _write(out: Path, figures: dict[str, Json | None]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    known: Json = json.loads(out.read_text()) if out.exists() else {}
    out.write_text(json.dumps(known | figures, indent=2) + "\n")


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
