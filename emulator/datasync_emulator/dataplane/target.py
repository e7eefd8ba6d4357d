"""What a source becomes at the destination, and how far what stands there is from it. Pure."""

from __future__ import annotations

from dataclasses import replace
from enum import Enum
from typing import TYPE_CHECKING, Final

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import DEVICES, NOTHING, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.rules import Rules

_KIB: Final = 1024
# Below these sizes DataSync stores objects as STANDARD, for a smaller object would be billed as one of this size.
_SMALLEST: Final = {
    "STANDARD_IA": 128 * _KIB,
    "ONEZONE_IA": 128 * _KIB,
    "GLACIER_IR": 128 * _KIB,
    "GLACIER": 40 * _KIB,
    "DEEP_ARCHIVE": 40 * _KIB,
}
# Times are compared as times, not as texts (there are two notations); access times not at all (reading changes them).
_NOT_COMPARED: Final = frozenset({posix.MTIME, posix.ATIME})


class Change(Enum):
    """What has to be done to make a destination what it should be."""

    NOTHING = "nothing"
    ATTRIBUTES = "attributes"
    DATA = "data"


def target_of(source: Entry, existing: Entry | None, rules: Rules) -> Entry:
    """What `source` becomes where `existing` stands now."""
    source = _with_defaults(source if source.version is None else replace(source, version=None), rules)
    if rules.to_folder:
        return _as_file(source, rules)
    return replace(
        source,
        mtime_ns=source.mtime_ns if rules.mtime or rules.between_buckets else None,
        metadata=_object_metadata(source, rules),
        tags=source.tags if rules.object_tags else NOTHING,
        storage_class=_storage_class(source, existing, rules),
        # An object's attributes are its metadata.
        mode=None,
        uid=None,
        gid=None,
    )


def change(source: Entry, existing: Entry | None, target: Entry, rules: Rules) -> Change:
    """How `existing` differs from `target`, which `source` shall become.

    Content is taken as the same when size and modification time are, as DataSync does. The time of an object is its
    file-mtime, else S3's LastModified. Times count to the millisecond, which is what file-mtime holds.
    """
    if existing is None or (rules.to_folder and existing.kind is not source.kind):
        return Change.DATA
    if source.kind in DEVICES and source.device != existing.device:
        return Change.DATA
    if source.kind is not Kind.FOLDER and (source.size != existing.size or not _same_time(source, existing)):
        return Change.DATA
    return Change.NOTHING if attributes_match(existing, target, rules) else Change.ATTRIBUTES


def attributes_match(existing: Entry, target: Entry, rules: Rules) -> bool:
    """Whether `existing` has all the attributes that `target` asks for."""
    if target.mtime_ns is not None and not _same_time(existing, target):
        return False
    if rules.object_tags and dict(existing.tags) != dict(target.tags):
        return False
    # A link's own permissions mean nothing, and Linux cannot change them.
    mode = None if target.kind is Kind.LINK else target.mode
    wanted = ((mode, existing.mode), (target.uid, existing.uid), (target.gid, existing.gid))
    return all(want is None or want == have for want, have in wanted) and _metadata_matches(existing, target, rules)


def _with_defaults(source: Entry, rules: Rules) -> Entry:
    """Fill in what the source's storage system does not have."""
    if rules.default_attributes:
        default_mode = posix.DEFAULT_FOLDER_MODE if source.kind is Kind.FOLDER else posix.DEFAULT_FILE_MODE
        return replace(source, mode=default_mode, uid=posix.DEFAULT_ID, gid=posix.DEFAULT_ID)
    if rules.default_owners:
        return replace(source, uid=posix.DEFAULT_ID, gid=posix.DEFAULT_ID)
    return source


def _as_file(source: Entry, rules: Rules) -> Entry:
    """With DataSync's defaults where an object has no attributes."""
    default_mode = posix.DEFAULT_FOLDER_MODE if source.kind is Kind.FOLDER else posix.DEFAULT_FILE_MODE
    owned = source.kind is not Kind.LINK or rules.owners_of_links
    return replace(
        source,
        mtime_ns=source.mtime_ns if rules.mtime else None,
        atime_ns=source.atime_ns if rules.atime else None,
        mode=_or_default(source.mode, default_mode) if rules.permissions else None,
        uid=_or_default(source.uid, posix.DEFAULT_ID) if rules.uid and owned else None,
        gid=_or_default(source.gid, posix.DEFAULT_ID) if rules.gid and owned else None,
        metadata={part: text for part, text in source.metadata.items() if part in rules.security} or NOTHING,
        tags=NOTHING,
    )


def _or_default(value: int | None, default: int) -> int:
    return default if value is None else value


def _object_metadata(source: Entry, rules: Rules) -> Mapping[str, str]:
    if rules.between_buckets:
        # The modification time travels even with ObjectMetadata NONE.
        kept = source.metadata if rules.object_metadata else NOTHING
        time = posix.user_metadata(replace(source, kind=Kind.FILE, atime_ns=None, mode=None, uid=None, gid=None))
        return time | dict(kept)
    return posix.user_metadata(
        replace(
            source,
            mtime_ns=source.mtime_ns if rules.mtime else None,
            atime_ns=source.atime_ns if rules.atime else None,
            mode=source.mode if rules.permissions else None,
            uid=source.uid if rules.uid else None,
            gid=source.gid if rules.gid else None,
        )
    )


def _storage_class(source: Entry, existing: Entry | None, rules: Rules) -> str:
    if existing is not None and not rules.everything:
        return existing.storage_class
    if source.size < _SMALLEST.get(rules.storage_class, 0):
        return "STANDARD"
    return rules.storage_class


def _same_time(one: Entry, other: Entry) -> bool:
    return _milliseconds(one) == _milliseconds(other)


def _milliseconds(entry: Entry) -> int | None:
    return None if entry.mtime_ns is None else entry.mtime_ns // posix.NS_PER_MS


def _metadata_matches(existing: Entry, target: Entry, rules: Rules) -> bool:
    """System metadata (content-type, …) alone is no reason to copy: DataSync does not compare it."""
    return all(
        existing.metadata.get(key) == value
        for key, value in target.metadata.items()
        if (key.startswith(posix.USER_PREFIX) and key not in _NOT_COMPARED) or key in rules.security
    )
