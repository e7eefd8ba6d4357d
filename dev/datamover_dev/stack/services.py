"""The whole local stack: control plane with our CRDs, emulator, PostgreSQL servers, Redis, operator, REST service."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Self

from datamover_dev import redis
from datamover_dev.controlplane.binaries import Binaries
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.demo.buckets import Bucket
from datamover_dev.errors import SetupError
from datamover_dev.paths import CRDS, SAMPLES
from datamover_dev.postgres.programs import PACKAGE, is_installed
from datamover_dev.processes import Managed
from datamover_dev.stack.emulator import start_emulator
from datamover_dev.stack.environment import ACCOUNT_ID, aws_environment, without_foreign_settings
from datamover_dev.stack.operator import Operator
from datamover_dev.stack.rest import RestService
from datamover_dev.stack.tables import DESTINATION, HISTORY_URL, HOSTS, SOURCE, table_servers

OPERATOR_NAMESPACE = "datamover-system"
REST_ACCOUNT = SAMPLES / "account-rest.yaml"
"""The account that the REST service serves, and the namespace of its movers."""
TABLES_SECRET = "tables"  # noqa: S105 - its name, in config/samples/tablesync.yaml
NO_TABLES = f"PostgreSQL is not installed, so table syncs are left out (on Debian: apt-get install {PACKAGE})"
NO_REDIS = f"Redis is not installed, so requests are counted in memory (on Debian: apt-get install {redis.PACKAGE})"
LABEL_STUDIO_PROJECT, LABEL_STUDIO_BUCKET = "1", "label-studio"
"""The project of that account whose storages can be synced, and the bucket that they are synced to."""
RESTART_DELAY = 1.0
"""Seconds before one of our programs that ended is started again."""


class Stack:
    """Everything that is needed to apply a DataMover and see its files moved. Use as a context manager.

    Logs and data are in `folder`; `data_root` holds the emulator's file systems as folders.
    """

    def __init__(
        self, folder: Path, *, say: Callable[[str], None], operator_settings: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Prepare; `say` is told about each step, `operator_settings` are DATAMOVER_* variables."""
        self.folder = folder.resolve()
        self.data_root = self.folder / "data"
        self.control_plane = ControlPlane(self.folder / "control-plane", crds=CRDS)
        self.endpoint = ""
        self.tables: Mapping[str, str] = {}
        self._say = say
        own = {"DATAMOVER_OPERATOR_NAMESPACE": OPERATOR_NAMESPACE, "DATAMOVER_DATABASE_HOSTS": HOSTS}
        self._operator_settings = {**own, **operator_settings}
        self._rest_key = secrets.token_urlsafe(24)
        self._label_studio_key = secrets.token_hex(20)
        self._sync_key = secrets.token_urlsafe(24)
        self._rest_port = 0
        self._redis = ""
        self._running = ExitStack()
        self._ours: dict[str, tuple[Managed, Callable[[], Managed]]] = {}

    def __enter__(self) -> Self:
        """Start everything; return when all is ready.

        Raises:
            SetupError: a part does not start.
        """
        with ExitStack() as started:
            self._running = started
            self._step("etcd, kube-apiserver, kube-controller-manager", self._start_control_plane)
            self._step("datasync-emulator", self._start_emulator)
            if is_installed():
                self._step("PostgreSQL: a source and a destination", self._start_tables)
            else:
                self._say(f"  {NO_TABLES}")
            if redis.is_installed():
                self._step("Redis: how many requests each key has sent", self._start_redis)
            else:
                self._say(f"  {NO_REDIS}")
            self._step("datamover-operator", partial(self._start_ours, self._start_operator))
            self._step("datamover-api", partial(self._start_ours, self._start_rest))
            self._running = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything, the last started first."""
        self._running.close()

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead every client to this stack."""
        url = f"http://127.0.0.1:{self._rest_port}"
        return {
            "KUBECONFIG": str(self.control_plane.kubeconfig),
            **aws_environment(self.endpoint),
            "EMULATOR_DATA_ROOT": str(self.data_root),
            "DATAMOVER_API_URL": url,
            "DATAMOVER_API_KEY": self._rest_key,
            "DATAMOVER_API_ACCOUNT": ACCOUNT_ID,
            **self.tables,
            "LABEL_STUDIO_URL": url,
            "LABEL_STUDIO_API_KEY": self._label_studio_key,
            "LABEL_STUDIO_PROJECT": LABEL_STUDIO_PROJECT,
            "SYNC_API_URL": url,
            "SYNC_API_KEY": self._sync_key,
        }

    @property
    def programs(self) -> Binaries:
        """What a person types to use it."""
        return self.control_plane.binaries

    def wait(self) -> None:
        """Keep the stack up until a signal ends this process. What is ours and ends is started again, as in a cluster.

        Raises:
            SetupError: the emulator ended.
        """
        while True:
            time.sleep(RESTART_DELAY)
            if (code := self._emulator.exit_code) is not None:
                raise SetupError(
                    f"{self._emulator.name} ended with {code}. The end of its log:\n{self._emulator.tail()}"
                )
            for name, (program, start) in self._ours.items():
                if program.exit_code is not None:
                    self._step(f"{name} again, for it ended with {program.exit_code}", partial(self._start_ours, start))

    def _step(self, name: str, start: Callable[[], None]) -> None:
        started = time.monotonic()
        start()
        self._say(f"  {name:<48}{time.monotonic() - started:5.1f} s")

    def _start_control_plane(self) -> None:
        self._running.enter_context(self.control_plane)
        self.control_plane.kubectl("create", "namespace", OPERATOR_NAMESPACE)
        self.control_plane.kubectl("apply", "--server-side", "-f", str(REST_ACCOUNT))

    def _start_emulator(self) -> None:
        self._emulator, self.endpoint = start_emulator(self.folder, environment=without_foreign_settings(os.environ))
        self._running.callback(self._emulator.terminate)
        Bucket(LABEL_STUDIO_BUCKET, aws_environment(self.endpoint)).create()

    def _start_tables(self) -> None:
        self.tables = self._running.enter_context(table_servers(self.folder))
        keys = {"source": self.tables[SOURCE], "destination": self.tables[DESTINATION]}
        secret = {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": TABLES_SECRET, "namespace": "default"},
            "stringData": keys,
        }
        manifest = self.folder / "tables-secret.json"
        manifest.touch(mode=0o600)
        manifest.write_text(json.dumps(secret))
        self.control_plane.kubectl("apply", "--server-side", "-f", str(manifest))

    def _start_redis(self) -> None:
        _, self._redis = self._running.enter_context(redis.redis_server(self.folder))

    def _start_ours(self, start: Callable[[], Managed]) -> None:
        program = start()
        self._ours[program.name] = (program, start)

    def _start_operator(self) -> Managed:
        operator = Operator(log=self.folder / "operator.log", environment=self._environment(self._operator_settings))
        self._running.callback(operator.terminate)
        operator.wait_until_ready()
        return operator

    def _start_rest(self) -> Managed:
        settings = {
            "DATAMOVER_API_KEYS_FILE": self._keys_file("rest-keys", self._rest_key),
            "DATAMOVER_API_LABEL_STUDIO_ENABLED": "true",
            "DATAMOVER_API_LABEL_STUDIO_KEYS_FILE": self._keys_file("label-studio-keys", self._label_studio_key),
            "DATAMOVER_API_SYNC_ENABLED": "true",
            "DATAMOVER_API_DATABASE_HOSTS": HOSTS,
            "DATAMOVER_API_SYNC_KEYS_FILE": self._keys_file("sync-keys", self._sync_key),
            # A service that is started again is found where the one before was.
            "DATAMOVER_API_HTTP_PORT": str(self._rest_port),
        }
        if HISTORY_URL in self.tables:
            settings["DB_URL"] = self.tables[HISTORY_URL]
        if self._redis:
            settings["DATAMOVER_API_SYNC_RATE_LIMIT_STORAGE"] = self._redis
        rest = RestService(log=self.folder / "rest.log", environment=self._environment(settings))
        self._running.callback(rest.terminate)
        rest.wait_until_ready()
        self._rest_port = rest.port
        return rest

    def _keys_file(self, name: str, key: str) -> str:
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(f"{key}\n")
        return str(path)

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        return {**without_foreign_settings(os.environ), **self.variables, **settings}
