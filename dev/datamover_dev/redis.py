"""A Redis server from Debian's package on a free loopback port, for tests and the local stack."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from datamover_dev.errors import SetupError
from datamover_dev.ports import on_a_free_port
from datamover_dev.processes import Managed

PACKAGE: Final = "redis-server"
_START_TIMEOUT: Final = 60.0
"""Seconds until it accepts connections: it takes less than one."""


def is_installed() -> bool:
    """Whether there is a server to start."""
    return shutil.which("redis-server") is not None


@contextmanager
def redis_server(folder: Path) -> Iterator[tuple[Managed, str]]:
    """Start one that keeps everything in memory; yield it and its URL. Its log is in `folder`.

    Raises:
        SetupError: Redis is not installed, or does not start.
    """
    program = shutil.which("redis-server")
    if program is None:
        raise SetupError(f"Redis is not installed (on Debian: apt-get install {PACKAGE})")
    password = secrets.token_urlsafe(18)
    server, port = on_a_free_port(lambda free: (_started(program, folder, free, password), free))
    try:
        yield server, f"redis://:{password}@127.0.0.1:{port}/0"
    finally:
        server.terminate()


def _started(program: str, folder: Path, port: int, password: str) -> Managed:
    log = folder / "redis.log"
    log.unlink(missing_ok=True)
    command = [program, str(_configured(folder, port, password))]
    server = Managed("redis-server", command, log=log, environment={"PATH": os.defpath})
    try:
        server.until(lambda: b"Ready to accept connections" in log.read_bytes(), "ready", _START_TIMEOUT)
    except SetupError:
        server.kill()
        raise
    return server


def _configured(folder: Path, port: int, password: str) -> Path:
    """Write what it is started with: the machine's users can read arguments, and use a server without a password."""
    path = folder / "redis.conf"
    path.touch(mode=0o600)
    path.write_text(f'port {port}\nbind 127.0.0.1\nsave ""\nappendonly no\nrequirepass {password}\n')
    return path
