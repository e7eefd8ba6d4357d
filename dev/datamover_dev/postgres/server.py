"""One PostgreSQL server on a free loopback port, ready for logical replication, with TLS."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import quote, urlencode

from datamover_dev.errors import SetupError
from datamover_dev.ports import on_a_free_port
from datamover_dev.postgres.certificate import write_certificate
from datamover_dev.postgres.programs import programs, server_user
from datamover_dev.processes import OURSELVES, Managed, execute

SUPERUSER = "postgres"
START_TIMEOUT = 60.0
"""Seconds until it accepts connections: it takes less than one."""
STOP_TIMEOUT = 30.0
_SETTINGS = {
    "wal_level": "logical",
    "fsync": "off",  # what is in it need not survive a power cut
    "max_connections": "200",
    "max_wal_senders": "120",
    "max_replication_slots": "120",
    "max_worker_processes": "160",
    "max_logical_replication_workers": "120",
    "wal_retrieve_retry_interval": "200ms",  # how soon workers of a subscription are started again
    "log_line_prefix": "%m [%p] %a ",
    "unix_socket_directories": "",
}


class PostgresServer:
    """Use as a context manager. Its data is in a temporary folder of its own and is gone afterwards.

    `stop` and `start` are for tests: the port and the data stay.
    """

    def __init__(self, name: str, log: Path, settings: Mapping[str, str] = MappingProxyType({})) -> None:
        """Prepare; `name` is what it is called in messages, `settings` are parameters of postgresql.conf."""
        self.name = name
        self.password = secrets.token_urlsafe(18)
        self.port = 0
        self._log = log
        self._settings = {**_SETTINGS, **settings}
        self._folder = Path()
        self._process: Managed | None = None

    def __enter__(self) -> Self:
        """Make the cluster and start it.

        Raises:
            SetupError: PostgreSQL is not installed, or does not start.
        """
        self._bin, self._user = programs(), server_user()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="datamover-postgres-"))
        try:
            self._initialize()
            on_a_free_port(self._start_at)
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop it and remove its data."""
        self._remove()

    @property
    def authority(self) -> Path:
        """The certificate to verify the server by; the server itself can read it, too."""
        return self._folder / "server.crt"

    def url(self, database: str = "postgres", *, user: str = SUPERUSER, password: str | None = None) -> str:
        """Return the URI of a database, over TLS that is not verified: the certificate is the server's own."""
        secret = quote(password if password is not None else self.password, safe="")
        options = urlencode({"sslmode": "require"})
        return f"postgresql://{quote(user, safe='')}:{secret}@127.0.0.1:{self.port}/{quote(database)}?{options}"

    def tail(self, lines: int = 60) -> str:
        """Return the end of its log."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-lines:])

    def start(self) -> None:
        """Start it on its port.

        Raises:
            SetupError: it does not start.
        """
        flags = [flag for key, value in self._settings.items() for flag in ("-c", f"{key}={value}")]
        command = [str(self._bin / "postgres"), "-D", str(self._folder / "data"), "-p", str(self.port), *flags]
        user = (self._user.uid, self._user.gid) if self._user is not None else OURSELVES
        started = self._log.stat().st_size if self._log.exists() else 0
        environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        process = Managed(self.name, command, log=self._log, environment=environment, start=partial(execute, user=user))
        self._process = process
        process.until(
            lambda: b"ready to accept connections" in self._log.read_bytes()[started:],
            "ready",
            START_TIMEOUT,
        )

    def stop(self) -> None:
        """End it as `pg_ctl stop -m fast` does: clients are disconnected."""
        if self._process is None:
            return
        if self._process.exit_code is None:
            os.kill(self._process.pid, signal.SIGINT)
            try:
                self._process.wait(STOP_TIMEOUT)
            except subprocess.TimeoutExpired:
                self._process.kill()
        self._process = None

    def _initialize(self) -> None:
        password = self._folder / "password"
        password.touch(mode=0o600)
        password.write_text(self.password)
        key = self._folder / "server.key"
        key.touch(mode=0o600)
        write_certificate(self.authority, key)
        if self._user is not None:
            for path in (self._folder, *self._folder.iterdir()):
                os.chown(path, self._user.uid, self._user.gid)
        command = [
            str(self._bin / "initdb"),
            f"--pgdata={self._folder / 'data'}",
            f"--username={SUPERUSER}",
            f"--pwfile={password}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
            "--no-instructions",
        ]
        done = subprocess.run(
            command,
            cwd="/",
            user=self._user.uid if self._user is not None else None,
            group=self._user.gid if self._user is not None else None,
            extra_groups=[] if self._user is not None else None,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise SetupError(f"initdb failed:\n{done.stderr.strip()}")
        self._settings |= {"ssl": "on", "ssl_cert_file": str(self.authority), "ssl_key_file": str(key)}

    def _start_at(self, port: int) -> None:
        self.port = port
        self.start()

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
