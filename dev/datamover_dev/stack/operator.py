"""Start the operator as a process."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from datamover_dev.http import answers
from datamover_dev.ports import free_port
from datamover_dev.processes import Managed

START_TIMEOUT = 60.0
"""Seconds until it has listed its resources: it takes one or two."""


class Operator(Managed):
    """A running operator; `url` is where it serves /healthz, /readyz and /metrics."""

    def __init__(self, *, log: Path, environment: Mapping[str, str]) -> None:
        """Start it with the settings that `environment` holds, and the port of our choice."""
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "datamover_operator", "run"]
        with_port = {**environment, "DATAMOVER_HTTP_PORT": str(port)}
        super().__init__("datamover-operator", command, log=log, environment=with_port)

    def wait_until_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until /readyz says so.

        Raises:
            SetupError: it ended first, or `timeout` seconds went by.
        """
        self.until(lambda: answers(f"{self.url}/readyz"), "ready", timeout)
