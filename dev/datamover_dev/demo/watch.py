"""Show runs as they advance."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from typing import Any

from datamover_dev.console import LiveLine
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.errors import SetupError

FINAL = frozenset({"Succeeded", "Failed", "Cancelled", "Rejected", "Unknown"})
LOOK_INTERVAL = 0.4

Run = dict[str, Any]
"""A DataMoverRun as JSON."""


def watch_runs(control_plane: ControlPlane, *, timeout: float) -> Mapping[str, Run]:
    """Show all runs of the namespace until each has ended; return them by mover.

    Raises:
        SetupError: some have not ended within `timeout` seconds.
    """
    started = time.monotonic()
    phases: dict[str, str] = {}
    with LiveLine(sys.stdout) as line:
        while True:
            runs = _runs(control_plane)
            elapsed = time.monotonic() - started
            for name, run in runs.items():
                if phases.get(name) != _phase(run):
                    phases[name] = _phase(run)
                    line.say(f"  {elapsed:5.1f} s  {_describe(run)}")
            moving = [_describe(run) for run in runs.values() if _phase(run) not in FINAL]
            if runs and not moving:
                return {run["spec"]["moverRef"]["name"]: run for run in runs.values()}
            if elapsed > timeout:
                raise SetupError(f"Not ended within {timeout:.0f} s: {'; '.join(moving)}")
            line.update(f"  {elapsed:5.1f} s  " + "   ".join(moving))
            time.sleep(LOOK_INTERVAL)


def _runs(control_plane: ControlPlane) -> dict[str, Run]:
    listed = json.loads(control_plane.kubectl("get", "datamoverruns", "--output=json"))
    return {run["metadata"]["name"]: run for run in listed["items"]}


def _phase(run: Run) -> str:
    phase: str = run.get("status", {}).get("phase", "Pending")
    return phase


def _describe(run: Run) -> str:
    status = run.get("status", {})
    progress = status.get("progress") or {}
    parts = [run["metadata"]["name"], _phase(run)]
    if progress.get("filesTotal"):
        parts.append(
            f"{progress.get('percent', 0)} % ({progress.get('filesDone', 0):,} of {progress['filesTotal']:,} files)"
        )
    if _phase(run) in FINAL - {"Succeeded"} and status.get("message"):
        parts.append(status["message"])
    return "  ".join(parts)
