"""A real Redis on a free loopback port."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.processes import Managed


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[Managed, str]]:
    """Start one; yield it and its URL. The test is skipped where Redis is not installed."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("Redis is not installed (on Debian: apt-get install redis-server)")
    server, port = _started(program, folder / "redis.log")
    try:
        yield server, f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()


def _started(program: str, log: Path) -> tuple[Managed, int]:
    """Somebody else may take the port between our choosing it and the server's start."""
    for left in reversed(range(_TRIES)):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        server = Managed("redis-server", command, log=log, environment={"PATH": "/usr/bin:/bin"})
        try:
            server.until(lambda: b"Ready to accept connections" in log.read_bytes(), "ready", 60)
        except SetupError:
            server.kill()
            if not left:
                raise
        else:
            return server, port
    raise AssertionError("unreachable")


_TRIES = 5
