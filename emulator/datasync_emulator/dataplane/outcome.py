"""What became of single entries: what task reports and logs are made of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Self, TypeAlias

if TYPE_CHECKING:
    from datasync_emulator.dataplane.entry import Entry


class Step(StrEnum):
    """The steps that an entry can succeed or fail in, by the names of a report's sections."""

    SKIPPED = "Skipped"
    TRANSFERRED = "Transferred"
    VERIFIED = "Verified"
    DELETED = "Deleted"


class Failure(StrEnum):
    """Why an entry failed, by the names that DataSync has for it in Enhanced mode, or ours. `text` says it."""

    READ = "FileReadFailed", "The file could not be read"
    ARCHIVED = "InvalidObjectState", "The object is archived"
    NOT_SUPPORTED = "FileTypeNotSupported", "The destination has nothing like it"
    NOT_IN_SOURCE = "ManifestFileDoesNotExist", "The manifest names it, but the source does not have it"
    TRANSFER = "FileTransferFailed", "The file could not be transferred"
    DELETE = "FileDeleteFailed", "The file could not be deleted"
    CONTENT_DIFFERS = "ContentDiffers", "Verification failed due to a difference in content"
    METADATA_DIFFERS = "MetadataDiffers", "Verification failed due to a difference in metadata"
    NOT_AT_DESTINATION = (
        "FileNotAtDestination",
        "Verification failed due to file being present at the source but not at the destination",
    )
    NOT_AT_SOURCE = (
        "FileNotAtSource",
        "Verification failed due to file being present at the destination but not at the source",
    )

    text: str

    def __new__(cls, code: str, text: str) -> Self:
        """The code is the value."""
        member = str.__new__(cls, code)
        member._value_, member.text = code, text
        return member


Checksums: TypeAlias = "tuple[bytes | None, bytes | None]"
"""SHA-256 at source and destination; None where there is no content, or it cannot be read."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a step ended for an entry.

    `entry` is the entry as the source has it, or, where it is only there, the destination. `failure` says that the step
    failed and how, `reason` why it did or why the entry was skipped. `content` says whether content was transferred
    beside metadata, `overwritten` whether something stood at the destination; `version` is the new object's. `found` is
    what verification found at the destination, `checksums` are what it compared.
    """

    step: Step
    entry: Entry
    failure: Failure | None = None
    reason: str | None = None
    found: Entry | None = None
    checksums: Checksums = (None, None)
    content: bool = True
    overwritten: bool = False
    version: str | None = None


Observer: TypeAlias = Callable[[Outcome], None]
"""Is told of every outcome as it comes, from any of a run's threads."""
