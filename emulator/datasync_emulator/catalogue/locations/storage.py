"""Where a location's data is. There are fewer kinds of storage than location types."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the emulator's own S3, reached by assuming a role.

    `arn` is the bucket's or an access point's. `prefix` is "" or ends in "/" and never starts with one;
    `storage_class` is DataSync's name of the class.
    """

    arn: str
    prefix: str
    storage_class: str
    role_arn: str

    @property
    def name(self) -> str:
        """The bucket's name; for an access point its ARN."""
        return self.arn.partition(":::")[2] or self.arn


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder under the emulator's data root that stands for a file system or a container.

    `path` is relative to the data root; `subdirectory` is relative to `path` and starts and ends with "/". With
    `exported` the subdirectory is part of what the server offers, so it exists whenever the server does.
    """

    path: PurePosixPath
    subdirectory: str
    exported: bool = False


@dataclass(frozen=True, slots=True)
class RemoteBucket:
    """A bucket of an S3-compatible server. `prefix` is as a Bucket's; `certificates` is a PEM chain to trust."""

    host: str
    port: int
    protocol: str
    bucket: str
    prefix: str
    access_key: str | None = None
    secret_key: str | None = field(default=None, repr=False)
    certificates: bytes | None = field(default=None, repr=False)


Storage = Bucket | Folder | RemoteBucket
