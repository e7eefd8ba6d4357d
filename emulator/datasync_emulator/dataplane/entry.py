"""One file, folder or symbolic link, as it is or as it should become."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


class Kind(StrEnum):
    """Pipes and sockets are left out, so there are no others."""

    FILE = "file"
    FOLDER = "folder"
    LINK = "symbolic link"
    CHARACTER_DEVICE = "character device"
    BLOCK_DEVICE = "block device"


DEVICES: Final = frozenset({Kind.CHARACTER_DEVICE, Kind.BLOCK_DEVICE})


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands, or shall stand, at a path of a location.

    `path` is relative to the location, without a slash at either end. `size` is in bytes; a link's is its target's
    length, a folder's 0. None means unknown for what is, and "leave it be" for what shall become. `metadata` holds an
    object's headers that S3 keeps with it (x-amz-meta-…, content-…; lower case), or the parts of a Windows file's
    security descriptor. `storage_class` is S3's own name, `device` a device's number. `version` is the version
    of an object that a manifest asks for; None is the present one.
    """

    path: str
    kind: Kind
    size: int = 0
    mtime_ns: int | None = None
    atime_ns: int | None = None
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    metadata: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    tags: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    storage_class: str = "STANDARD"
    device: int = 0
    version: str | None = None

    @property
    def name(self) -> str:
        """The path, with a slash at the end of a folder: an object and a folder of one path have two names."""
        return f"{self.path}/" if self.kind is Kind.FOLDER else self.path


def parent(path: str) -> str:
    """The path of the folder that holds `path`; "" for what lies directly in the location."""
    return path.rpartition("/")[0]
