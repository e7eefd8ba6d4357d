"""The attributes that a file system keeps beside contents, each kind in its own way.

What Linux has no place for is kept in extended attributes of the files (`user.…`); a file system without those loses
it.
"""

from __future__ import annotations

import errno
import json
import os
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final, Protocol

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import NOTHING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.entry import Entry

SECURITY: Final = ("owner", "dacl", "sacl")
"""The parts of a Windows security descriptor, as an entry's metadata names them."""
_OWNER: Final = "user.datasync.owner"
_SECURITY: Final = "user.windows."
_BLOB: Final = "user.blob"
_ABSENT: Final = frozenset({errno.ENODATA, errno.ENOTSUP, errno.EPERM, errno.ENOENT})


class Attributes(Protocol):
    """Reads and writes attributes. What a target leaves open (None) stays as it is."""

    @property
    def beyond_stat(self) -> bool:
        """Whether there is more to read than stat tells."""
        ...

    @property
    def real_owners(self) -> bool:
        """Whether an owner that is written is the file's real one, as Linux knows it."""
        ...

    def read(self, entry: Entry, folder: int, name: str) -> Entry:
        """Complete, or correct, what stat tells of the entry called `name` in the folder."""
        ...

    def write(self, descriptor: int, target: Entry) -> None:
        """Give an open file or folder the target's attributes."""
        ...

    def write_name(self, folder: int, name: str, target: Entry) -> None:
        """Give what can't be opened, a link or a device, the target's attributes."""
        ...


class PosixAttributes:
    """Owner, group, permissions and times. Only root can give files away: else owners are kept beside the file."""

    def __init__(self, *, real_owners: bool | None = None) -> None:
        """`real_owners` is whether we may give files away; by default whether we are root."""
        self.real_owners = os.geteuid() == 0 if real_owners is None else real_owners

    @property
    def beyond_stat(self) -> bool:
        """Owners, where they are not the real ones."""
        return not self.real_owners

    def read(self, entry: Entry, folder: int, name: str) -> Entry:
        """Read the owners that were meant."""
        uid, _, gid = (_get(_path(folder, name), _OWNER) or "").partition(":")
        return replace(entry, uid=int(uid), gid=int(gid)) if uid.isdecimal() and gid.isdecimal() else entry

    def write(self, descriptor: int, target: Entry) -> None:
        """Owners come first: a change of owner clears the set-id bits."""
        if target.uid is not None or target.gid is not None:
            if self.real_owners:
                os.fchown(descriptor, _or_same(target.uid), _or_same(target.gid))
            else:
                status = os.fstat(descriptor)
                uid, gid = _or(target.uid, status.st_uid), _or(target.gid, status.st_gid)
                _set(descriptor, _OWNER, f"{uid}:{gid}")
        if target.mode is not None:
            os.fchmod(descriptor, target.mode)
        _set_times(descriptor, target)

    def write_name(self, folder: int, name: str, target: Entry) -> None:
        """A link's permissions mean nothing; its owner is real or lost."""
        if self.real_owners and (target.uid is not None or target.gid is not None):
            os.chown(name, _or_same(target.uid), _or_same(target.gid), dir_fd=folder, follow_symlinks=False)
        if target.mtime_ns is not None:
            os.utime(name, ns=_times(target, target.mtime_ns), dir_fd=folder, follow_symlinks=False)


class HdfsAttributes:
    """Permissions and times; a file belongs to the user that DataSync writes as, so only times are written."""

    beyond_stat = False
    real_owners = True

    def read(self, entry: Entry, folder: int, name: str) -> Entry:  # noqa: ARG002 - there is no more
        """As stat tells it."""
        return entry

    def write(self, descriptor: int, target: Entry) -> None:
        """Set the times."""
        _set_times(descriptor, target)

    def write_name(self, folder: int, name: str, target: Entry) -> None:
        """There are no links and devices."""


class WindowsAttributes:
    """Security descriptors and times. POSIX attributes are not the file's, but the emulator's."""

    beyond_stat = True
    real_owners = True

    def read(self, entry: Entry, folder: int, name: str) -> Entry:
        """Read the security descriptor."""
        path = _path(folder, name)
        parts = {part: text for part in SECURITY if (text := _get(path, _SECURITY + part)) is not None}
        return replace(entry, mode=None, uid=None, gid=None, metadata=parts or NOTHING)

    def write(self, descriptor: int, target: Entry) -> None:
        """Write the parts of the security descriptor that the target has, then the times."""
        for part, text in target.metadata.items():
            _set(descriptor, _SECURITY + part, text)
        _set_times(descriptor, target)

    def write_name(self, folder: int, name: str, target: Entry) -> None:
        """There are no links and devices."""


class BlobAttributes:
    """An object's metadata and tags; its times, owners and permissions are part of the metadata."""

    beyond_stat = True
    real_owners = True

    def read(self, entry: Entry, folder: int, name: str) -> Entry:
        """Read the metadata."""
        kept = json.loads(_get(_path(folder, name), _BLOB) or "{}")
        metadata: Mapping[str, str] = kept.get("metadata", {})
        mtime = posix.time_ns(metadata, posix.MTIME)
        return replace(
            entry,
            mtime_ns=entry.mtime_ns if mtime is None else mtime,
            atime_ns=posix.time_ns(metadata, posix.ATIME),
            mode=posix.permissions(metadata),
            uid=posix.owner(metadata, posix.OWNER),
            gid=posix.owner(metadata, posix.GROUP),
            metadata=metadata or NOTHING,
            tags=kept.get("tags") or NOTHING,
        )

    def write(self, descriptor: int, target: Entry) -> None:
        """Write metadata and tags."""
        kept = {"metadata": dict(target.metadata), "tags": dict(target.tags)}
        _set(descriptor, _BLOB, json.dumps(kept))

    def write_name(self, folder: int, name: str, target: Entry) -> None:
        """There are no links and devices."""


def are_kept(folder: int) -> bool:
    """Whether the file system of an open folder keeps extended attributes."""
    try:
        os.getxattr(folder, _OWNER)
    except OSError as error:
        return error.errno == errno.ENODATA
    return True


def _path(folder: int, name: str) -> str:
    return f"/proc/self/fd/{folder}/{name}"


def _get(path: str, attribute: str) -> str | None:
    try:
        return os.getxattr(path, attribute, follow_symlinks=False).decode()
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        return None


def _set(descriptor: int, attribute: str, text: str) -> None:
    try:
        os.setxattr(descriptor, attribute, text.encode())
    except OSError as error:
        if error.errno != errno.ENOTSUP:
            raise


def _set_times(descriptor: int, target: Entry) -> None:
    if target.mtime_ns is not None:
        os.utime(descriptor, ns=_times(target, target.mtime_ns))


def _times(target: Entry, mtime_ns: int) -> tuple[int, int]:
    return (time.time_ns() if target.atime_ns is None else target.atime_ns), mtime_ns


def _or_same(value: int | None) -> int:
    return -1 if value is None else value


def _or(value: int | None, other: int) -> int:
    return other if value is None else value
