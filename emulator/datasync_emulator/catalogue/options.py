"""A task's Options: what DataSync fills in, and which combinations it refuses. Pure.

Source: DataSync API reference, Options; defaults as DescribeTask shows them.
"""

from __future__ import annotations

from collections.abc import Iterator

from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.locations.spec import Metadata
from datasync_emulator.errors import ApiError, invalid_request
from datasync_emulator.messages import JsonObject

BASIC = "BASIC"
ENHANCED = "ENHANCED"
_POSIX_OPTIONS = ("Uid", "Gid", "PosixPermissions")


def complete(given: JsonObject, source: LocationSpec, destination: LocationSpec, mode: str) -> JsonObject:
    """Give the full options: the given ones over the defaults.

    Raises:
        ApiError: InvalidRequestException naming the options and values that do not go together.
    """
    posix = _is_posix(source, destination)
    options = _defaults(posix=posix, mode=mode) | ({} if posix else {"ObjectMetadata": "PRESERVE"}) | given
    for error in _refusals(options, posix=posix, mode=mode):
        raise error
    return options


def _is_posix(source: LocationSpec, destination: LocationSpec) -> bool:
    return Metadata.POSIX in (source.metadata, destination.metadata)


def _defaults(*, posix: bool, mode: str) -> JsonObject:
    return {
        "VerifyMode": "ONLY_FILES_TRANSFERRED" if mode == ENHANCED else "POINT_IN_TIME_CONSISTENT",
        "OverwriteMode": "ALWAYS",
        "Atime": "BEST_EFFORT",
        "Mtime": "PRESERVE",
        "Uid": "INT_VALUE" if posix else "NONE",
        "Gid": "INT_VALUE" if posix else "NONE",
        "PreserveDeletedFiles": "PRESERVE",
        "PreserveDevices": "NONE",
        "PosixPermissions": "PRESERVE" if posix else "NONE",
        "BytesPerSecond": -1,
        "TaskQueueing": "ENABLED",
        "LogLevel": "OFF",
        "TransferMode": "CHANGED",
        "SecurityDescriptorCopyFlags": "NONE",
        "ObjectTags": "PRESERVE",
    }


def _refusals(options: JsonObject, *, posix: bool, mode: str) -> Iterator[ApiError]:
    yield from _attribute_refusals(options, posix=posix)
    if options["TransferMode"] == "ALL" and options["PreserveDeletedFiles"] == "REMOVE":
        yield _refused("TransferMode,PreserveDeletedFiles", "ALL,REMOVE")
    pair = (options["Atime"], options["Mtime"])
    if mode == BASIC and pair not in {("BEST_EFFORT", "PRESERVE"), ("NONE", "NONE")}:
        yield _refused("Atime,Mtime", ",".join(pair), ". Use BEST_EFFORT with PRESERVE, or NONE with NONE.")
    if mode == ENHANCED and options["Mtime"] == "NONE":
        yield _refused("Mtime", "NONE", ". Enhanced mode needs PRESERVE.")
    if mode == ENHANCED and options["VerifyMode"] == "POINT_IN_TIME_CONSISTENT":
        hint = ". Enhanced mode takes ONLY_FILES_TRANSFERRED or NONE."
        yield _refused("VerifyMode", "POINT_IN_TIME_CONSISTENT", hint)
    if options["BytesPerSecond"] == 0:
        yield _refused("BytesPerSecond", "0", ". Use a positive number, or -1 for no limit.")


def _attribute_refusals(options: JsonObject, *, posix: bool) -> Iterator[ApiError]:
    for name in _POSIX_OPTIONS:
        if options[name] in {"NAME", "BOTH"}:
            yield _refused(name, options[name], ". Use INT_VALUE or NONE.")
        if not posix and options[name] != "NONE":
            yield _refused(name, options[name], " invalid for non-POSIX transfer. please use NONE.")
    if options["SecurityDescriptorCopyFlags"] != "NONE":
        hint = " invalid for a transfer without an SMB or FSx for Windows location. Use NONE."
        yield _refused("SecurityDescriptorCopyFlags", options["SecurityDescriptorCopyFlags"], hint)


def _refused(names: str, values: str, rest: str = ".") -> ApiError:
    return invalid_request(f"Invalid SyncOption value. Option: {names}, Value: {values}{rest}")
