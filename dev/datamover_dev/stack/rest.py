"""Start the REST service as a process."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from pathlib import Path

from datamover_dev.http import answers
from datamover_dev.processes import Managed, Start, execute

START_TIMEOUT = 60.0
"""Seconds until it has read its accounts and movers: it takes one or two."""


class RestService(Managed):
    """A running REST service."""

    def __init__(self, *, log: Path, environment: Mapping[str, str], start: Start = execute) -> None:
        """Start it with the settings that `environment` holds; it serves on a free port where that names none."""
        self._logged_before = log.stat().st_size if log.exists() else 0
        command = [sys.executable, "-m", "datamover_api"]
        any_port = {"DATAMOVER_API_HTTP_PORT": "0", **environment, "DATAMOVER_API_LOG_FORMAT": "json"}
        super().__init__("datamover-api", command, log=log, environment=any_port, start=start)

    @property
    def port(self) -> int:
        """Where it serves, as it logs; 0 before that."""
        log = self.log.read_bytes()[self._logged_before :].decode(errors="replace")
        found = re.search(r'"event": "serves".*"port": (\d+)', log)
        return int(found[1]) if found else 0

    @property
    def url(self) -> str:
        """Where it serves; empty before that."""
        return f"http://127.0.0.1:{self.port}" if self.port else ""

    def wait_until_it_listens(self, timeout: float = START_TIMEOUT) -> str:
        """Wait until it serves, ready or not; return where.

        Raises:
            SetupError: it ended first, or `timeout` seconds went by.
        """
        self.until(lambda: self.url != "", "listening", timeout)
        return self.url

    def wait_until_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until /readyz says so.

        Raises:
            SetupError: it ended first, or `timeout` seconds went by.
        """
        self.until(lambda: self.url != "" and answers(f"{self.url}/readyz"), "ready", timeout)
