"""A task's Options: what DataSync fills in, and which combinations it refuses. Pure.

Source: DataSync API reference, Options; defaults as DescribeTask shows them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

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
    transfer = _Transfer(source, destination, mode)
    options = transfer.defaults() | given
    for error in transfer.refusals(options):
        raise error
    return options


@dataclass(frozen=True, slots=True)
class _Transfer:
    """What options depend on."""

    source: LocationSpec
    destination: LocationSpec
    mode: str

    @property
    def is_posix(self) -> bool:
        """Whether one side has POSIX attributes, and the other has, or can hold, them."""
        both = {self.source.metadata, self.destination.metadata}
        return not both.isdisjoint({Metadata.POSIX, Metadata.HDFS}) and Metadata.WINDOWS not in both

    @property
    def is_windows(self) -> bool:
        """Whether security descriptors can be copied."""
        return self.source.metadata is self.destination.metadata is Metadata.WINDOWS

    @property
    def is_between_objects(self) -> bool:
        """Whether metadata and tags of objects can be copied."""
        return self.source.metadata is self.destination.metadata is Metadata.OBJECT

    def defaults(self) -> JsonObject:
        posix = self.is_posix
        return {
            "VerifyMode": "ONLY_FILES_TRANSFERRED" if self.mode == ENHANCED else "POINT_IN_TIME_CONSISTENT",
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
            "SecurityDescriptorCopyFlags": "OWNER_DACL" if self.is_windows else "NONE",
            "ObjectTags": "PRESERVE",
        } | ({"ObjectMetadata": "PRESERVE"} if self.is_between_objects else {})

    def refusals(self, options: JsonObject) -> Iterator[ApiError]:
        yield from self._attribute_refusals(options)
        yield from self._mode_refusals(options)
        if options["TransferMode"] == "ALL" and options["PreserveDeletedFiles"] == "REMOVE":
            yield _refused("TransferMode,PreserveDeletedFiles", "ALL,REMOVE")
        if options["VerifyMode"] == "POINT_IN_TIME_CONSISTENT" and self.destination.archives:
            hint = ". Objects in an archive storage class can't be read back: use ONLY_FILES_TRANSFERRED or NONE."
            yield _refused("VerifyMode", "POINT_IN_TIME_CONSISTENT", hint)
        if options["BytesPerSecond"] == 0:
            yield _refused("BytesPerSecond", "0", ". Use a positive number, or -1 for no limit.")

    def _attribute_refusals(self, options: JsonObject) -> Iterator[ApiError]:
        for name in _POSIX_OPTIONS:
            if options[name] in {"NAME", "BOTH"}:
                yield _refused(name, options[name], ". Use INT_VALUE or NONE.")
            if not self.is_posix and options[name] != "NONE":
                yield _refused(name, options[name], " invalid for non-POSIX transfer. please use NONE.")
        if options["SecurityDescriptorCopyFlags"] != "NONE" and not self.is_windows:
            hint = " invalid unless both locations are SMB or FSx for Windows. Use NONE."
            yield _refused("SecurityDescriptorCopyFlags", options["SecurityDescriptorCopyFlags"], hint)
        if options["PreserveDevices"] == "PRESERVE":
            for spec in (self.source, self.destination):
                if not spec.keeps_devices:
                    hint = f" invalid for a transfer with a location of type {spec.filter_value}. Use NONE."
                    yield _refused("PreserveDevices", "PRESERVE", hint)

    def _mode_refusals(self, options: JsonObject) -> Iterator[ApiError]:
        pair = (options["Atime"], options["Mtime"])
        if self.mode == BASIC:
            if pair not in {("BEST_EFFORT", "PRESERVE"), ("NONE", "NONE")}:
                yield _refused("Atime,Mtime", ",".join(pair), ". Use BEST_EFFORT with PRESERVE, or NONE with NONE.")
            return
        if options["Mtime"] == "NONE":
            yield _refused("Mtime", "NONE", ". Enhanced mode needs PRESERVE.")
        if options["VerifyMode"] == "POINT_IN_TIME_CONSISTENT":
            hint = ". Enhanced mode takes ONLY_FILES_TRANSFERRED or NONE."
            yield _refused("VerifyMode", "POINT_IN_TIME_CONSISTENT", hint)


def _refused(names: str, values: str, rest: str = ".") -> ApiError:
    return invalid_request(f"Invalid SyncOption value. Option: {names}, Value: {values}{rest}")
