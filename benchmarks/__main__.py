"""`make bench`: measure, print a table, and write the figures down."""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from pathlib import Path

from benchmarks.movers_ready import MoversReady, compare
from datamover_dev.paths import LOCAL


def main() -> None:
    """Measure what the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--movers", type=int, default=1000, help="movers applied in each run (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="runs of each side (default: %(default)s)")
    parser.add_argument("--out", type=Path, default=LOCAL / "bench.json", help="where the figures go")
    arguments = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="datamover-bench-"))
    print(f"{arguments.movers} movers from apply to Ready, {arguments.rounds} runs each; logs in {folder}", flush=True)
    found = compare(arguments.movers, arguments.rounds, folder, lambda line: print(line, flush=True))
    _show(found)
    arguments.out.parent.mkdir(parents=True, exist_ok=True)
    arguments.out.write_text(json.dumps({"movers_ready": found.as_json()}, indent=2) + "\n")
    shutil.rmtree(folder)


def _show(found: MoversReady) -> None:
    rows = [
        ("operator, time to all Ready (median)", f"{found.operator_s:.1f} s"),
        ("bare script, the same calls (median)", f"{found.floor_s:.1f} s"),
        ("ratio", f"{found.ratio:.2f}"),
        ("writes to a mover and its status", f"{found.kubernetes_writes_per_mover:.2f}"),
        ("Events of a mover", f"{found.events_per_mover:.2f}"),
        ("AWS calls of a mover", f"{found.aws_calls_per_mover:.2f}"),
        ("AWS calls that it needs", f"{found.aws_calls_needed_per_mover}"),
        ("operator, peak resident memory", f"{found.rss_mib:.0f} MiB"),
    ]
    for name, value in rows:
        print(f"  {name:<38} {value:>10}")


if __name__ == "__main__":
    main()
