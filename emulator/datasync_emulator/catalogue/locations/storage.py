"""Where a location's data is. There are fewer kinds of storage than location types."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket of the emulator's own S3, reached by assuming a role.

    `prefix` is "" or ends in "/" and never starts with one; `storage_class` is DataSync's name of the class.
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
    """A folder under the emulator's data root that stands for a file system.

    `path` is relative to the data root; `subdirectory` is relative to `path` and starts and ends with "/".
    """

    path: PurePosixPath
    subdirectory: str


Storage = Bucket | Folder
