"""Start the operator as a process."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from datamover_dev.http import answers
from datamover_dev.processes import Managed, Start, execute

START_TIMEOUT = 60.0
"""Seconds until it has listed its resources: it takes one or two."""


class Operator(Managed):
    """A running operator."""

    def __init__(self, *, log: Path, environment: Mapping[str, str], start: Start = execute) -> None:
        """Start it with the settings that `environment` holds; it serves /readyz on a free port."""
        self._logged_before = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-m", "datamover_operator", "run"]
        any_port = {**environment, "DATAMOVER_HTTP_PORT": "0"}
        super().__init__("datamover-operator", command, log=log, environment=any_port, start=start)

    @property
    def url(self) -> str:
        """Where it serves /healthz, /readyz and /metrics, as it logs; empty before that."""
        log = self.log.read_bytes()[self._logged_before :].decode(errors="replace")
        found = re.search(r'serves /healthz.*\bport"?[=:] ?(\d+)', log)
        return f"http://127.0.0.1:{found[1]}" if found else ""

    def wait_until_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until /readyz says so.

        Raises:
            SetupError: it ended first, or `timeout` seconds went by.
        """
        self.until(lambda: self.url != "" and answers(f"{self.url}/readyz"), "ready", timeout)
