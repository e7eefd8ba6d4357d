"""POSIX attributes as S3 user metadata, the way DataSync and file gateways share them.

Keys and defaults: DataSync user guide, "Understanding how DataSync handles file and object metadata". Times are
milliseconds since the epoch, or nanoseconds with the suffix "ns", as FSx and file gateways write them. Permissions are
octal, with the file type before them or without. DataSync writes milliseconds and bare permissions; of a link or
a device we write the type too, and of a device its number under a key of our own.
"""

from __future__ import annotations

import re
import stat
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import DEVICES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.entry import Entry

USER_PREFIX = "x-amz-meta-"
MTIME = f"{USER_PREFIX}file-mtime"
ATIME = f"{USER_PREFIX}file-atime"
PERMISSIONS = f"{USER_PREFIX}file-permissions"
OWNER = f"{USER_PREFIX}file-owner"
GROUP = f"{USER_PREFIX}file-group"
DEVICE = f"{USER_PREFIX}file-device"

DEFAULT_ID = 65534
DEFAULT_FILE_MODE = 0o644
DEFAULT_FOLDER_MODE = 0o755

NS_PER_MS = 1_000_000
_TYPES = {Kind.LINK: stat.S_IFLNK, Kind.CHARACTER_DEVICE: stat.S_IFCHR, Kind.BLOCK_DEVICE: stat.S_IFBLK}
_KINDS = {file_type: kind for kind, file_type in _TYPES.items()}
_TIME = re.compile(r"(-?[0-9]{1,20})(ns|ms)?", re.ASCII)
_PERMISSIONS = re.compile(r"[0-7]{1,7}", re.ASCII)
_ID = re.compile(r"[0-9]{1,10}", re.ASCII)


def time_ns(metadata: Mapping[str, str], key: str) -> int | None:
    """The time under a key, in nanoseconds since the epoch; None if it is missing or unreadable."""
    found = _TIME.fullmatch(metadata.get(key, ""))
    if found is None:
        return None
    return int(found[1]) * (1 if found[2] == "ns" else NS_PER_MS)


def owner(metadata: Mapping[str, str], key: str) -> int | None:
    """The numeric user or group id under a key; None if it is missing or unreadable."""
    text = metadata.get(key, "")
    return int(text) if _ID.fullmatch(text) else None


def _st_mode(metadata: Mapping[str, str]) -> int | None:
    text = metadata.get(PERMISSIONS, "")
    return int(text, 8) if _PERMISSIONS.fullmatch(text) else None


def permissions(metadata: Mapping[str, str]) -> int | None:
    """The permission bits; None if they are missing or unreadable."""
    mode = _st_mode(metadata)
    return None if mode is None else stat.S_IMODE(mode)


def kind(metadata: Mapping[str, str]) -> Kind:
    """What an object stands for whose key ends in no slash: a file, unless its permissions say otherwise."""
    mode = _st_mode(metadata)
    return Kind.FILE if mode is None else _KINDS.get(stat.S_IFMT(mode), Kind.FILE)


def device(metadata: Mapping[str, str]) -> int:
    """A device's number; 0 if it is missing or unreadable."""
    return owner(metadata, DEVICE) or 0


def user_metadata(entry: Entry) -> dict[str, str]:
    """The entry's attributes as user metadata; what is None is left out."""
    pairs = {
        MTIME: None if entry.mtime_ns is None else str(entry.mtime_ns // NS_PER_MS),
        ATIME: None if entry.atime_ns is None else str(entry.atime_ns // NS_PER_MS),
        OWNER: None if entry.uid is None else str(entry.uid),
        GROUP: None if entry.gid is None else str(entry.gid),
        PERMISSIONS: _permissions_text(entry),
        DEVICE: str(entry.device) if entry.kind in DEVICES else None,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _permissions_text(entry: Entry) -> str | None:
    """With the type of what is no file, for else nothing would tell it from one when it is copied back."""
    if entry.kind in _TYPES:
        mode = 0o777 if entry.kind is Kind.LINK else entry.mode or 0
        return f"{_TYPES[entry.kind] | mode:07o}"
    return None if entry.mode is None else f"{entry.mode:04o}"
