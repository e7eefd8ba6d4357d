"""Starts a real `datasync-emulator` process for tests, and reaches its control endpoints."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from threading import Lock
from typing import IO, TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from datamover_dev.processes import ending_with_us
from tests.support.waiting import PATIENCE_S, eventually

if TYPE_CHECKING:
    from pathlib import Path

Json = dict[str, Any]
_CLIENTS = Lock()  # boto3 makes clients in one thread at a time


class EmulatorAt:
    """A running emulator, known by its endpoint.

    An access key of twelve digits is that account's, so `client("datasync", account="111111111111")` is all that a
    test needs for an account of its own.
    """

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._clients: dict[tuple[str, str, str, bool], Any] = {}

    def client(
        self, service: str, *, account: str = "123456789012", region: str = "eu-central-1", retries: bool = False
    ) -> Any:  # noqa: ANN401 - boto3 has a type for every service
        """A real boto3 client that speaks as `account`; without retries, so that a test sees every error.

        Whoever asks for the same has the same one: to make a client takes longer than its calls do.
        """
        wanted = (service, account, region, retries)
        with _CLIENTS:
            if wanted not in self._clients:
                self._clients[wanted] = self._new_client(*wanted)
            return self._clients[wanted]

    def _new_client(self, service: str, account: str, region: str, retries: bool) -> Any:  # noqa: ANN401 - as above
        config = Config(retries={"total_max_attempts": 3 if retries else 1}, s3={"addressing_style": "path"})
        return _session().client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name=region,
            aws_access_key_id=account,
            aws_secret_access_key="none",
            config=config,
        )

    def journal(self, since: int = 0, **wanted: str) -> list[Json]:
        """The calls after a sequence number; `wanted` may name service, operation, account, region."""
        query = "&".join(f"{name}={value}" for name, value in {"since": str(since), **wanted}.items())
        entries: list[Json] = self.control("GET", f"journal?{query}")["entries"]
        return entries

    def fault(self, operation: str | None = None, **rule: object) -> Fault:
        """Put a fault in force (see datasync_emulator.faults); a context manager that lifts it at the end."""
        given = rule | ({"operation": operation} if operation else {})
        return Fault(self, self.control("POST", "faults", given)["id"])

    def advance_clock(self, seconds: float) -> None:
        """Move the emulator's clock on."""
        self.control("POST", "clock", {"advanceSeconds": seconds})

    def clear(self) -> None:
        """Forget everything: resources of every service, journal, faults."""
        self.control("POST", "reset")

    def control(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Call a control endpoint."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.endpoint}/_emulator/{path}", data, method=method)  # noqa: S310 - http
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:  # noqa: S310 - our own server
                answer: Json = json.load(response)
                return answer
        except urllib.error.HTTPError as error:
            with error:
                message = f"{method} {path}: {error.status} {error.read().decode()}"
            raise AssertionError(message) from None


class Emulator(EmulatorAt):
    """An emulator that is a process of ours."""

    def __init__(self, process: subprocess.Popen[str], endpoint: str, data_root: Path) -> None:
        super().__init__(endpoint)
        self.process = process
        self.data_root = data_root

    def environment(self, *, account: str = "123456789012", region: str = "eu-central-1") -> dict[str, str]:
        """What a program needs in its environment to use this emulator."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": region,
            "AWS_DEFAULT_REGION": region,
            "AWS_ACCESS_KEY_ID": account,
            "AWS_SECRET_ACCESS_KEY": "none",
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def file_system(self, file_system_id: str, *, account: str = "123456789012", region: str = "eu-central-1") -> Path:
        """The folder that stands for an EFS file system."""
        folder = self.data_root / account / region / file_system_id
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def stop(self) -> None:
        """End the process; kill it if it does not."""
        self.process.terminate()
        try:
            self.process.wait(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@cache
def _session() -> boto3.Session:
    """One session for all clients, which loads each service's model once."""
    return boto3.Session()


class Fault:
    """A fault in force."""

    def __init__(self, emulator: EmulatorAt, number: int) -> None:
        self._emulator = emulator
        self.number = number

    @property
    def state(self) -> Json:
        """hits, held, released and the rule."""
        found: Json = self._emulator.control("GET", f"faults/{self.number}")
        return found

    def wait_hit(self, hits: int = 1) -> None:
        """Wait until so many calls (or executions) were hit."""
        eventually(lambda: self.state["hits"] >= hits, what=f"fault {self.number} hit {hits} times")

    def wait_held(self, held: int = 1) -> None:
        """Wait until so many calls (or executions) are blocked by it."""
        eventually(lambda: self.state["held"] >= held, what=f"fault {self.number} holds {held}")

    def release(self, *, drop: bool = False) -> None:
        """Let what it holds go on; with `drop` the connections close without an answer instead."""
        self._emulator.control("POST", f"faults/{self.number}/release", {"outcome": "drop" if drop else "proceed"})

    def lift(self) -> None:
        """Remove it; what it holds goes on."""
        self._emulator.control("DELETE", f"faults/{self.number}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.lift()


@contextmanager
def start_emulator(data_root: Path, *arguments: str, log: IO[str] | None = None) -> Iterator[Emulator]:
    """Run an emulator on a free port until the block is left."""
    command = [sys.executable, "-m", "datasync_emulator", "--port", "0", "--data-root", str(data_root), *arguments]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    process = subprocess.Popen(ending_with_us(command), env=environment, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    endpoint = process.stdout.readline().strip()
    emulator = Emulator(process, endpoint, data_root)
    try:
        assert endpoint.startswith("http://"), f"the emulator did not start (exit status {process.poll()})"
        yield emulator
    finally:
        emulator.stop()
