"""Basic mode's items of reports, and its logs, which are plain text. Pure.

Source: DataSync user guide, "Monitoring your data transfers with task reports" and "… with CloudWatch Logs", and
reports and logs that people have published. What they do not show is named by their example.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from datasync_emulator.dataplane import Failure, Kind, Outcome, Step
from datasync_emulator.dataplane.entry import Entry
from datasync_emulator.messages import JsonObject
from datasync_emulator.reporting.style import checksums, conclusion, given, nanoseconds

_NS: Final = 1_000_000_000
_TYPES: Final = {
    Kind.FILE: "Regular",
    Kind.FOLDER: "Directory",
    Kind.LINK: "SymbolicLink",
    Kind.CHARACTER_DEVICE: "CharacterDevice",
    Kind.BLOCK_DEVICE: "BlockDevice",
}
# Only the first is published: "S3 Get Object Failed".
_CODES: Final = {Failure.ARCHIVED: 40974, Failure.READ: 40974}
_OTHER_CODE: Final = 40960
_SIGNS: Final = {Failure.NOT_AT_SOURCE: ">", Failure.NOT_AT_DESTINATION: "<"}
_COMPLAINTS: Final = {
    Failure.READ: "[WARN] Failed to read metadata for",
    Failure.ARCHIVED: "[ERROR] Failed to open source",
    Failure.NOT_IN_SOURCE: "[ERROR] ManifestFileDoesNotExist:",
    Failure.NOT_SUPPORTED: "[WARN] Skipped",
    Failure.TRANSFER: "[ERROR] Failed to transfer",
    Failure.DELETE: "[ERROR] Failed to delete",
}


class Basic:
    """Implements Style for tasks in Basic mode."""

    def item(self, outcome: Outcome, at: datetime) -> JsonObject:
        """Give an outcome as an item of a detailed report."""
        item: JsonObject = {"RelativePath": f"/{outcome.entry.path}"}
        if outcome.step is Step.VERIFIED:
            at_source, at_destination = checksums(outcome)
            item |= given({"SrcMetadata": _at_source(outcome), "SrcChecksum": at_source})
            item |= given({"DstMetadata": outcome.found and _metadata(outcome.found), "DstChecksum": at_destination})
        elif outcome.step is not Step.DELETED:
            item["SrcMetadata"] = _metadata(outcome.entry)
        item |= conclusion(outcome, at)
        if outcome.failure is not None:
            item |= {"FailureReason": outcome.reason, "FailureCode": _CODES.get(outcome.failure, _OTHER_CODE)}
        return item

    def log(self, outcome: Outcome) -> list[str]:
        """Give an outcome as the messages of log events."""
        entry, failure = outcome.entry, outcome.failure
        if outcome.step is Step.VERIFIED and failure is not None:
            return _mismatch(outcome, failure)
        if failure is not None:
            version = f" (versionId: {entry.version})" if entry.version else ""
            return [f"{_COMPLAINTS[failure]} {_noun(entry)} /{entry.path}{version}: {outcome.reason}"]
        size = "" if entry.kind is Kind.FOLDER or not outcome.content else f", {entry.size} bytes"
        what = _noun(entry) if outcome.content and entry.kind is not Kind.FOLDER else f"{_noun(entry)} metadata"
        return [f"[INFO] {outcome.step} {what} /{entry.path}{size}"]

    def started(self, execution_id: str) -> list[str]:
        """Say that an execution has begun."""
        return [f"[INFO] Execution {execution_id} started."]

    def ended(self, execution_id: str, *, succeeded: bool) -> list[str]:
        """Say that it has ended."""
        return [f"[INFO] Execution {execution_id} finished with status {'Success' if succeeded else 'Error'}."]


def _at_source(outcome: Outcome) -> JsonObject | None:
    return None if outcome.failure is Failure.NOT_AT_SOURCE else _metadata(outcome.entry)


def _metadata(entry: Entry) -> JsonObject:
    return given(
        {
            "Type": _TYPES[entry.kind],
            "ContentSize": None if entry.kind is Kind.FOLDER else entry.size,
            "Mtime": None if entry.mtime_ns is None else nanoseconds(entry.mtime_ns),
            "Atime": None if entry.atime_ns is None else nanoseconds(entry.atime_ns),
            "Uid": entry.uid,
            "Gid": entry.gid,
            "Mode": None if entry.mode is None else f"{entry.mode:04o}",
        }
    )


def _mismatch(outcome: Outcome, failure: Failure) -> list[str]:
    """Say which side has what: `>` is the destination alone, `<` the source alone, `<>` both."""
    path = f"/{outcome.entry.path}"
    lines = [f"[NOTICE] Verification failed {_SIGNS.get(failure, '<>')} {path}"]
    sides = (
        ("src", None if failure is Failure.NOT_AT_SOURCE else outcome.entry, outcome.checksums[0]),
        ("dst", outcome.found, outcome.checksums[1]),
    )
    for side, entry, checksum in sides:
        if entry is not None:
            lines.append(f"[NOTICE] {path}   {side}Meta: {_attributes(entry)}")
            lines += [f"[NOTICE]   {side}Hash: {checksum.hex()}"] if checksum is not None else []
    return lines


def _attributes(entry: Entry) -> str:
    mode = "0000" if entry.mode is None else f"{entry.mode:04o}"
    atime, mtime = (f"{(ns or 0) // _NS}/{(ns or 0) % _NS}" for ns in (entry.atime_ns, entry.mtime_ns))
    owners = f"uid={entry.uid or 0} gid={entry.gid or 0}"
    times = f"atime={atime} mtime={mtime}"
    return f"type={_TYPES[entry.kind][0]} mode={mode} {owners} size={entry.size} {times} extAttrsHash=0"


def _noun(entry: Entry) -> str:
    return "directory" if entry.kind is Kind.FOLDER else "file"
