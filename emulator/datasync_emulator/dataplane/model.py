"""What is to be copied, and how a copy can end: the data plane's interface to the executions that run it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from datasync_emulator.dataplane.outcome import Observer

UNLIMITED = -1


class Metadata(Enum):
    """The kind of metadata that a storage system keeps with its data."""

    POSIX = "owner, group, permissions and times"
    HDFS = "permissions and times; owners are names"
    WINDOWS = "security descriptors and times"
    OBJECT = "user-defined metadata and tags"


class Phase(StrEnum):
    """The steps of a run, by the names of DataSync's execution statuses."""

    PREPARING = "PREPARING"
    TRANSFERRING = "TRANSFERRING"
    VERIFYING = "VERIFYING"


@dataclass(frozen=True, slots=True)
class S3Endpoint:
    """A bucket of the S3 that runs in this process, seen from a prefix.

    `prefix` is "" or ends in "/" (the subdirectory as LocationUri shows it, without the leading slash).
    `location` is the location's id (`loc-…`), named in errors. `storage_class` is DataSync's name of the class
    (GLACIER_INSTANT_RETRIEVAL, not S3's GLACIER_IR).
    """

    bucket: str
    prefix: str = ""
    storage_class: str = "STANDARD"
    location: str = "loc-unknown"

    @property
    def metadata(self) -> Metadata:
        """What objects have."""
        return Metadata.OBJECT


@dataclass(frozen=True, slots=True)
class RemoteEndpoint:
    """A bucket of an S3-compatible server, reached over HTTP at `url`, seen from a prefix ("" or ending in "/").

    Without an access key requests are not signed. `certificates` is a PEM chain to trust. `location` is the
    location's id.
    """

    url: str
    bucket: str
    prefix: str = ""
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    certificates: bytes | None = field(default=None, repr=False)
    location: str = "loc-unknown"

    @property
    def metadata(self) -> Metadata:
        """What objects have."""
        return Metadata.OBJECT


@dataclass(frozen=True, slots=True)
class FolderEndpoint:
    """A file system or a container kept as a folder, seen from a subdirectory.

    `root` is the file system's own folder and must exist; nothing outside it is ever touched. `subdirectory` is
    relative to it ("/" or "/a/b/"); symbolic links on the way are not followed. `location` is the location's id.
    `metadata` is what the storage system keeps that the folder stands for; with OBJECT it is a container of blobs.
    """

    root: Path
    subdirectory: str = "/"
    location: str = "loc-unknown"
    metadata: Metadata = Metadata.POSIX


Endpoint: TypeAlias = S3Endpoint | RemoteEndpoint | FolderEndpoint


def no_limit() -> int:
    """The bandwidth limit of a job that has none."""
    return UNLIMITED


@dataclass(frozen=True, slots=True)
class CopyJob:
    """One task execution's work.

    `options` are DataSync's Options as DescribeTaskExecution shows them (PascalCase; a missing one means DataSync's
    default). `includes` and `excludes` are filter values (patterns joined by "|"). `task_mode` is BASIC or ENHANCED.
    `bytes_per_second` is asked again and again while the copy runs, so a change takes effect at once; -1 is no limit.
    `manifest` has the paths to transfer, in place of all, each with the version of the object or None. `observe` is
    told what becomes of every entry.
    """

    source: Endpoint
    destination: Endpoint
    options: Mapping[str, str | int] = field(default_factory=dict)
    includes: str | None = None
    excludes: str | None = None
    task_mode: str = "BASIC"
    bytes_per_second: Callable[[], int] = no_limit
    manifest: Mapping[str, str | None] | None = None
    observe: Observer | None = None


class CopyFailed(Exception):  # noqa: N818 - DataSync's word for how an execution ends
    """The run ended in ERROR.

    `code` and `detail` are what Result's ErrorCode and ErrorDetail show. `phase` is the step whose status is ERROR;
    None if a location could not be accessed, so that none had begun.
    """

    def __init__(self, code: str, detail: str, phase: Phase | None = None) -> None:
        """Keep the three; the text is for logs."""
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.phase = phase


class CopyCancelled(Exception):  # noqa: N818 - an outcome somebody asked for, not an error
    """The run was cancelled. What had been copied stays; nothing half-written does."""
