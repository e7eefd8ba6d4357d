"""Folders and buckets as their users see them, and runs between them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from datasync_emulator.dataplane import CopyJob, Endpoint, Phase, Progress, S3Endpoint, run

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

EPOCH_NS = 1_700_000_000_123_000_000
LINK = "-> "
# A property must hold on a busy machine too.
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass
class Bucket:
    """A bucket as its users see it."""

    client: S3Client
    name: str

    def endpoint(self, prefix: str = "", storage_class: str = "STANDARD") -> S3Endpoint:
        return S3Endpoint(self.name, prefix, storage_class, "loc-0123456789abcdef0")

    def put(self, key: str, body: bytes = b"", **more: object) -> None:
        self.client.put_object(Bucket=self.name, Key=key, Body=body, **more)  # type: ignore[arg-type]

    def delete(self) -> None:
        self.client.delete_bucket(Bucket=self.name)

    def keys(self) -> list[str]:
        found = self.client.list_objects_v2(Bucket=self.name)
        return [item["Key"] for item in found.get("Contents", [])]

    def body(self, key: str) -> bytes:
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def bodies(self) -> dict[str, bytes]:
        return {key: self.body(key) for key in self.keys()}

    def metadata(self, key: str) -> Mapping[str, str]:
        return self.client.head_object(Bucket=self.name, Key=key)["Metadata"]

    def storage_class(self, key: str) -> str:
        return self.client.head_object(Bucket=self.name, Key=key).get("StorageClass", "STANDARD")

    def tags(self, key: str) -> dict[str, str]:
        found = self.client.get_object_tagging(Bucket=self.name, Key=key)
        return {tag["Key"]: tag["Value"] for tag in found["TagSet"]}


def plant(root: Path, contents: Mapping[str, bytes | str]) -> Path:
    """Fill a folder: bytes make a file, "-> target" a link, and a path that ends in a slash an empty folder.

    Everything gets one modification time, so that trees can be compared.
    """
    root.mkdir(exist_ok=True)
    for name, content in contents.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith("/"):
            path.mkdir(exist_ok=True)
        elif isinstance(content, str):
            path.symlink_to(content.removeprefix(LINK))
        else:
            path.write_bytes(content)
    for path in sorted(root.rglob("*"), reverse=True):
        os.utime(path, ns=(EPOCH_NS, EPOCH_NS), follow_symlinks=False)
    return root


def tree(root: Path) -> dict[str, bytes | str]:
    """What plant() would make the folder of; folders are all listed."""
    found: dict[str, bytes | str] = {}
    for path in root.rglob("*"):
        name = path.relative_to(root).as_posix()
        if path.is_symlink():
            found[name] = LINK + str(path.readlink())
        elif path.is_dir():
            found[f"{name}/"] = b""
        else:
            found[name] = path.read_bytes()
    return found


def modes_and_times(root: Path) -> dict[str, tuple[int, int]]:
    """Mode (a link's means nothing) and modification time in milliseconds, by path."""
    found = {}
    for path in root.rglob("*"):
        status = path.lstat()
        mode = 0 if path.is_symlink() else status.st_mode
        found[path.relative_to(root).as_posix()] = mode, status.st_mtime_ns // 10**6
    return found


@dataclass
class Copy:
    """A run, and what is to be said of it."""

    source: Endpoint
    destination: Endpoint
    options: Mapping[str, str | int] = field(default_factory=dict)
    includes: str | None = None
    excludes: str | None = None
    task_mode: str = "BASIC"
    bytes_per_second: Callable[[], int] = lambda: -1
    at: Mapping[Phase, Callable[[], object]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.phases: list[Phase] = []
        self.progress = Progress(self._enter)
        self.cancel = threading.Event()

    def run(self) -> Copy:
        job = CopyJob(
            self.source,
            self.destination,
            self.options,
            self.includes,
            self.excludes,
            self.task_mode,
            self.bytes_per_second,
        )
        run(job, self.progress, self.cancel)
        return self

    def __getitem__(self, counter: str) -> object:
        return self.progress.describe(self.task_mode)[counter]

    def _enter(self, phase: Phase) -> None:
        self.phases.append(phase)
        self.at.get(phase, lambda: None)()
