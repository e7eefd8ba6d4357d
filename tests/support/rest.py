"""The REST service as a process, and an ordinary HTTP client for it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import bcrypt
import pytest
import urllib3

from datamover_dev.stack.environment import without_foreign_settings
from datamover_dev.stack.rest import RestService
from tests.support.forked import forked
from tests.support.movers import ACCOUNT_ID
from tests.support.operator_process import START_PATIENCE_S
from tests.support.waiting import eventually

REST_SERVICES = pytest.StashKey["RestServices"]()
KEY = "open sesame"
NAMED_KEY = "close-sesame-0123456789"
"""For the facades whose clients send a key as it is."""
PASSWORD = "pass-word-never-shown"
"""What clients send as passwords and secret keys."""
MOVERS = f"/v1/datasync/{ACCOUNT_ID}/movers"
PATIENT = {f"{what}_timeout_seconds": 60 for what in ("start", "stop", "delete")}
"""A busy operator needs its time; a test that wants less of the service's patience says so."""


@cache
def token(key: str = KEY, cost: int = 4) -> str:
    """A token as a client makes it."""
    return bcrypt.hashpw(key.encode(), bcrypt.gensalt(cost)).decode()


@dataclass(frozen=True)
class Answer:
    """A response: its headers by name in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()

    @property
    def json(self) -> Any:  # noqa: ANN401 - whatever the body holds
        """The body as JSON."""
        assert self.headers["content-type"] == "application/json", self
        return json.loads(self.body)


class Client:
    """A client of one service; its requests bear a token unless told otherwise, and `authority` is who it trusts."""

    def __init__(self, url: str, token_: str | None = None, *, authority: Path | None = None) -> None:
        self.url = url
        self._token = token_ or token()
        self._pool = urllib3.PoolManager(maxsize=64, timeout=90.0, retries=False, ca_certs=authority)

    def send(self, method: str, path: str, body: object = None, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Send a request: `body` is sent as it is where it is bytes, else as JSON; `headers` replace the token."""
        raw = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        given = {"X-Auth-Token": self._token} if headers is None else dict(headers)
        answer = self._pool.request(method, self.url + path, body=raw, headers=given, redirect=False)
        return Answer(answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.data)

    def get(self, path: str) -> Answer:
        return self.send("GET", path)

    def create(self, body: object, group: str = "abc-123") -> Answer:
        return self.send("POST", f"{MOVERS}/{group}", body)

    def created(self, body: object, group: str = "abc-123") -> str:
        """Create a mover, wait until it is there, and return the flywheel's id."""
        answer = self.create(body, group)
        assert answer.status == 202, answer
        task = answer.headers["x-flywheel-task"]
        self.wait_flywheel(task, "completed")
        return task

    def wait_flywheel(self, task: str, status: str) -> Any:  # noqa: ANN401 - JSON
        """Wait until a flywheel task has this status, and return it."""

        def reached() -> Any:  # noqa: ANN401 - JSON
            found = self.get(f"/v1/datasync/flywheel?task={task}").json.get(task)
            assert found is not None, "the service does not know it yet"
            assert found["status"] == status, found
            return found

        return eventually(reached, what=f"flywheel task {task} is {status}")

    def set_state(self, name: str, state: str, group: str = "abc-123") -> Answer:
        return self.send("PUT", f"{MOVERS}/{group}/{name}", {"State": state})


class RestServices:
    """Starts services on one API server, and stops them all at the end."""

    def __init__(self, kubeconfig: Path, folder: Path) -> None:
        self.kubeconfig = kubeconfig
        self._folder = folder
        self.keys = folder / "keys"
        self.keys.write_text(f"{KEY}\n")
        self.named_keys = folder / "named-keys"
        self.named_keys.write_text(f"{NAMED_KEY}\nteam-b={NAMED_KEY}-b\nroot={NAMED_KEY}-root\n")
        self._base = without_foreign_settings(os.environ) | {"KUBECONFIG": str(kubeconfig)}
        self.started: list[RestService] = []

    @property
    def all_facades(self) -> Any:  # noqa: ANN401 - any settings
        """The settings that turn every facade on."""
        return {
            "label_studio_enabled": True,
            "label_studio_keys_file": self.named_keys,
            "label_studio_check_seconds": 0,
            "sync_enabled": True,
            "sync_keys_file": self.named_keys,
            "database_hosts": "*",
        }

    def start(
        self,
        *,
        wait: bool = True,
        kubeconfig: Path | None = None,
        variables: Mapping[str, str] = MappingProxyType({}),
        **settings: object,
    ) -> RestService:
        """Start one more service with these settings (`start_timeout_seconds=1`), ready unless `wait` is false.

        `variables` are such that are no settings.
        """
        given = {"keys_file": self.keys, "log_level": "debug", **PATIENT, **settings}
        environment = self._base | {f"DATAMOVER_API_{name.upper()}": str(value) for name, value in given.items()}
        environment |= variables
        if kubeconfig is not None:
            environment["KUBECONFIG"] = str(kubeconfig)
        log = self._folder / f"rest-{len(self.started) + 1}.log"
        service = RestService(log=log, environment=environment, start=forked)
        self.started.append(service)
        if wait:
            service.wait_until_ready(START_PATIENCE_S)
        return service

    def __call__(self, **settings: object) -> Client:
        """Start one more service, and return a client of it."""
        return Client(self.start(**settings).url)  # type: ignore[arg-type] # any setting

    def stop(self) -> None:
        """End all of them."""
        for service in self.started:
            service.terminate()

    def leaks(self) -> list[str]:
        """Lines of their logs that hold what must never be logged: keys, passwords, and tokens made from keys."""
        lines = [line for each in self.started for line in each.log.read_text().splitlines()]
        return [line for line in lines if any(secret in line for secret in (KEY, NAMED_KEY, PASSWORD, "$2b$"))]

    def logs(self) -> str:
        """What all of them logged, for the report of a failed test."""
        return "\n".join(f"--- {each.log.name} (exit code {each.exit_code})\n{each.tail(200)}" for each in self.started)


def s3_body(name: str = "best-effort-datasync-01", *, source: str = "src", destination: str = "dst") -> dict[str, Any]:
    """A request for a mover from bucket to bucket."""
    return {
        "Name": name,
        "Source": {"Type": "S3", "S3": {"S3BucketArn": f"arn:aws:s3:::{source}", "Subdirectory": "/"}},
        "Destination": {
            "Type": "S3",
            "S3": {"S3BucketArn": f"arn:aws:s3:::{destination}", "S3StorageClass": "STANDARD", "Subdirectory": "/"},
        },
        "Tags": [{"Key": "env", "Value": "sbx"}],
    }
