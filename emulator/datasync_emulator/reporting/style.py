"""What Basic and Enhanced mode word differently in reports and logs, and what they share. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final, Protocol

from datasync_emulator.dataplane import Outcome, Step
from datasync_emulator.messages import JsonObject

_NS: Final = 1_000_000_000
# The members of a report's items begin with these.
VERBS: Final = {Step.SKIPPED: "Skip", Step.TRANSFERRED: "Transfer", Step.VERIFIED: "Verify", Step.DELETED: "Delete"}


class Style(Protocol):
    """A task mode's words."""

    def item(self, outcome: Outcome, at: datetime) -> JsonObject:
        """Give an outcome as an item of a detailed report."""

    def log(self, outcome: Outcome) -> list[str]:
        """Give an outcome as the messages of log events."""

    def started(self, execution_id: str) -> list[str]:
        """Say that an execution has begun."""

    def ended(self, execution_id: str, *, succeeded: bool) -> list[str]:
        """Say that it has ended."""


def conclusion(outcome: Outcome, at: datetime) -> JsonObject:
    """Give what ends an item in both modes: when it was, what was transferred, how it went."""
    verb = VERBS[outcome.step]
    said: JsonObject = {}
    if outcome.step is Step.TRANSFERRED:
        said["Overwrite"] = str(outcome.overwritten)
        if outcome.version is not None:
            said["DstS3VersionId"] = outcome.version
    said[f"{verb}Timestamp"] = nanoseconds(int(at.timestamp()) * _NS + at.microsecond * 1000)
    if outcome.step is Step.TRANSFERRED:
        said["TransferType"] = transfer_type(outcome)
    if outcome.step is Step.SKIPPED and outcome.failure is None:
        said["SkipReason"] = outcome.reason
    said[f"{verb}Status"] = "FAILED" if outcome.failure else "SUCCESS"
    return said


def transfer_type(outcome: Outcome) -> str:
    """Give what was transferred."""
    return "CONTENT_AND_METADATA" if outcome.content else "METADATA"


def checksums(outcome: Outcome) -> tuple[str | None, str | None]:
    """Give the checksums at source and destination as reports show them."""
    at_source, at_destination = (None if each is None else f"SHA256:{each.hex()}" for each in outcome.checksums)
    return at_source, at_destination


def nanoseconds(ns: int) -> str:
    """Give a time as ISO 8601 with nanoseconds."""
    return f"{datetime.fromtimestamp(ns // _NS, UTC):%Y-%m-%dT%H:%M:%S}.{ns % _NS:09d}Z"


def given(members: JsonObject) -> JsonObject:
    """Leave out what is None."""
    return {name: value for name, value in members.items() if value is not None}
