"""Enhanced mode's items of reports, and its logs, which are JSON. Pure.

Source: DataSync user guide, "Monitoring your data transfers with task reports" and "… with CloudWatch Logs". What it
does not show is named by its examples.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from datasync_emulator.dataplane import Failure, Kind, Metadata, Outcome, Step
from datasync_emulator.dataplane.entry import Entry
from datasync_emulator.dataplane.posix_metadata import USER_PREFIX
from datasync_emulator.messages import JsonObject
from datasync_emulator.reporting.style import VERBS, checksums, conclusion, given, nanoseconds, transfer_type

_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Side:
    """The source or the destination."""

    location_id: str
    kind: Metadata


@dataclass(frozen=True, slots=True)
class Enhanced:
    """Implements Style for tasks in Enhanced mode."""

    source: Side
    destination: Side

    def item(self, outcome: Outcome, at: datetime) -> JsonObject:
        """Give an outcome as an item of a detailed report."""
        item: JsonObject = {"RelativePath": outcome.entry.path}
        if outcome.step is Step.VERIFIED:
            at_source, at_destination = checksums(outcome)
            found = outcome.found and _flat(outcome.found, self.destination)
            item |= given({"SourceMetadata": self._at_source(outcome), "SrcChecksum": at_source})
            item |= given({"DestinationMetadata": found, "DstChecksum": at_destination})
        elif outcome.step is not Step.DELETED:
            item["SourceMetadata"] = _flat(outcome.entry, self.source)
        return item | conclusion(outcome, at) | _error(outcome)

    def log(self, outcome: Outcome) -> list[str]:
        """Give an outcome as the messages of log events."""
        entry = outcome.entry
        only_there = outcome.step is Step.DELETED or outcome.failure is Failure.NOT_AT_SOURCE
        source: JsonObject = {"LocationId": self.source.location_id, "RelativePath": entry.path}
        destination: JsonObject = {"LocationId": self.destination.location_id, "RelativePath": entry.path}
        if not only_there:
            source["Metadata"] = _nested(entry, self.source)
        if outcome.found is not None:
            destination["Metadata"] = _nested(outcome.found, self.destination)
        message = {"Action": VERBS[outcome.step].upper(), "Source": source, "Destination": destination}
        if outcome.step is Step.TRANSFERRED:
            message["TransferType"] = transfer_type(outcome)
        return [json.dumps(message | _error(outcome))]

    def started(self, execution_id: str) -> list[str]:  # noqa: ARG002 - nothing is said
        """Say nothing: these logs are about files."""
        return []

    def ended(self, execution_id: str, *, succeeded: bool) -> list[str]:  # noqa: ARG002 - as above
        """Say nothing."""
        return []

    def _at_source(self, outcome: Outcome) -> JsonObject | None:
        return None if outcome.failure is Failure.NOT_AT_SOURCE else _flat(outcome.entry, self.source)


def _error(outcome: Outcome) -> JsonObject:
    if outcome.failure is None:
        return {}
    return {"ErrorCode": outcome.failure.value, "ErrorDetail": outcome.reason}


def _flat(entry: Entry, side: Side) -> JsonObject:
    """Give an entry's metadata as reports have it."""
    if side.kind is not Metadata.OBJECT:
        return _of_file(entry)
    tags = [{"Key": key, "Value": value} for key, value in entry.tags.items()]
    return _of_object(entry) | _headers(entry) | {"Tags": tags}


def _nested(entry: Entry, side: Side) -> JsonObject:
    """Give it as logs have it."""
    if side.kind is not Metadata.OBJECT:
        return _of_file(entry)
    return _of_object(entry) | {"S3": _headers(entry) | {"Tags": dict(entry.tags)}}


def _of_object(entry: Entry) -> JsonObject:
    return given({"Type": "Object", "ContentSize": entry.size, "LastModified": _seconds(entry.mtime_ns)})


def _headers(entry: Entry) -> JsonObject:
    user = {
        key.removeprefix(USER_PREFIX): value for key, value in entry.metadata.items() if key.startswith(USER_PREFIX)
    }
    system = {_header(key): value for key, value in entry.metadata.items() if not key.startswith(USER_PREFIX)}
    return {"SystemMetadata": system, "UserMetadata": user}


def _header(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("-"))


def _of_file(entry: Entry) -> JsonObject:
    return given(
        {
            "Type": "Directory" if entry.kind is Kind.FOLDER else "File",
            "ContentSize": None if entry.kind is Kind.FOLDER else entry.size,
            "LastModified": _seconds(entry.mtime_ns),
            "LastAccessed": _seconds(entry.atime_ns),
            "Uid": entry.uid,
            "Gid": entry.gid,
            "Mode": None if entry.mode is None else f"{entry.mode:04o}",
        }
    )


def _seconds(ns: int | None) -> str | None:
    """Give a time to the second, as S3 tells it."""
    return None if ns is None else nanoseconds(ns // _NS * _NS).replace(".000000000Z", "Z")
