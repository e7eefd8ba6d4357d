"""What a run has counted so far, shown as DescribeTaskExecution shows it."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

from datasync_emulator.dataplane.entry import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.model import Phase

CounterValue: TypeAlias = int | dict[str, int]
_REMEMBERED_PROBLEMS = 100


class Count(StrEnum):
    """What is counted apart for files (with objects and symbolic links) and for directories."""

    LISTED_AT_SOURCE = "listed at source"
    LISTED_AT_DESTINATION = "listed at destination"
    ESTIMATED = "estimated to transfer"
    ESTIMATED_TO_DELETE = "estimated to delete"
    PREPARED = "prepared"
    TRANSFERRED = "transferred"
    SKIPPED = "skipped"
    VERIFIED = "verified"
    DELETED = "deleted"
    FAILED_LIST = "failed to list"
    FAILED_PREPARE = "failed to prepare"
    FAILED_TRANSFER = "failed to transfer"
    FAILED_VERIFY = "failed to verify"
    FAILED_DELETE = "failed to delete"


_FAILURES = (Count.FAILED_LIST, Count.FAILED_PREPARE, Count.FAILED_TRANSFER, Count.FAILED_VERIFY, Count.FAILED_DELETE)


class Bytes(StrEnum):
    """The byte counters, by their names in DescribeTaskExecution."""

    ESTIMATED = "EstimatedBytesToTransfer"
    TRANSFERRED = "BytesTransferred"
    COMPRESSED = "BytesCompressed"
    WRITTEN = "BytesWritten"


def _ignore(_: Phase) -> None:
    """The observer of a run that nobody watches."""


class Progress:
    """Counters, phases and problems of one run; any thread may read or add at any time.

    `on_phase` is called in the run's own thread at the start of each phase; it must not block for long.
    """

    def __init__(
        self, on_phase: Callable[[Phase], None] = _ignore, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Start with nothing counted. `clock` gives seconds."""
        self._on_phase = on_phase
        self._clock = clock
        self._lock = threading.Lock()
        self._files: defaultdict[Count, int] = defaultdict(int)
        self._folders: defaultdict[Count, int] = defaultdict(int)
        self._bytes: defaultdict[Bytes, int] = defaultdict(int)
        self._problems: list[str] = []
        self._phase: Phase | None = None
        self._since = 0.0
        self._durations: dict[Phase, float] = {}

    def enter(self, phase: Phase) -> None:
        """End the current phase, begin the next, tell the observer."""
        self.leave()
        with self._lock:
            self._phase, self._since = phase, self._clock()
        self._on_phase(phase)

    def leave(self) -> None:
        """End the current phase, if there is one."""
        with self._lock:
            if self._phase is not None:
                self._durations[self._phase] = self._clock() - self._since
            self._phase = None

    def add(self, count: Count, kind: Kind, amount: int = 1) -> None:
        """Count files, objects and symbolic links, or directories."""
        with self._lock:
            (self._folders if kind is Kind.FOLDER else self._files)[count] += amount

    def add_all(self, count: Count, entries: Iterable[Entry]) -> None:
        """Count each entry by its kind."""
        for entry in entries:
            self.add(count, entry.kind)

    def fail(self, count: Count, kind: Kind, path: str, reason: str) -> None:
        """Count a failure and keep what went wrong with the path. Only the first hundred are kept."""
        self.add(count, kind)
        with self._lock:
            if len(self._problems) < _REMEMBERED_PROBLEMS:
                self._problems.append(f"{count.value}: {path}: {reason}")

    def estimate_bytes(self, amount: int) -> None:
        """Say how many bytes are to be transferred."""
        with self._lock:
            self._bytes[Bytes.ESTIMATED] += amount

    def move_bytes(self, amount: int) -> None:
        """Count bytes that were read and written. Nothing is compressed on the way, so the three are one."""
        with self._lock:
            self._bytes[Bytes.TRANSFERRED] += amount
            self._bytes[Bytes.COMPRESSED] += amount
            self._bytes[Bytes.WRITTEN] += amount

    @property
    def phase(self) -> Phase | None:
        """The phase under way; None before the first, between runs and after the last."""
        return self._phase

    @property
    def problems(self) -> tuple[str, ...]:
        """What went wrong with single paths, one line each."""
        with self._lock:
            return tuple(self._problems)

    def files(self, count: Count) -> int:
        """The number of files, objects and symbolic links counted."""
        with self._lock:
            return self._files[count]

    def folders(self, count: Count) -> int:
        """The number of directories counted."""
        with self._lock:
            return self._folders[count]

    def bytes(self, counter: Bytes) -> int:
        """The number of bytes counted."""
        with self._lock:
            return self._bytes[counter]

    @property
    def failures(self) -> int:
        """How many entries could not be listed, prepared, transferred, verified or deleted."""
        with self._lock:
            return sum(self._files[count] + self._folders[count] for count in _FAILURES)

    def duration(self, phase: Phase) -> int:
        """How long the phase took, or has taken so far, in milliseconds; 0 if it has not begun."""
        with self._lock:
            seconds = self._clock() - self._since if phase is self._phase else self._durations.get(phase, 0.0)
        return round(seconds * 1000)

    def describe(self, task_mode: str) -> dict[str, CounterValue]:
        """The counters as DescribeTaskExecution names them for a task of this mode (BASIC or ENHANCED)."""
        with self._lock:
            files, folders, moved = self._files.copy(), self._folders.copy(), self._bytes.copy()
        described: dict[str, CounterValue] = {counter.value: moved[counter] for counter in Bytes}
        if task_mode == "ENHANCED":
            return described | _enhanced(files, "Files") | _enhanced(folders, "Folders")
        return described | _basic(files, folders)


def _basic(files: defaultdict[Count, int], folders: defaultdict[Count, int]) -> dict[str, CounterValue]:
    """Directories count as files, and expected deletions as expected transfers."""

    def both(count: Count) -> int:
        return files[count] + folders[count]

    return {
        "EstimatedFilesToTransfer": both(Count.ESTIMATED) + both(Count.ESTIMATED_TO_DELETE),
        "EstimatedFilesToDelete": both(Count.ESTIMATED_TO_DELETE),
        "FilesTransferred": both(Count.TRANSFERRED),
        "FilesSkipped": both(Count.SKIPPED),
        "FilesVerified": both(Count.VERIFIED),
        "FilesDeleted": both(Count.DELETED),
    }


def _enhanced(counted: defaultdict[Count, int], noun: str) -> dict[str, CounterValue]:
    """Files and folders stand apart; `noun` is Files or Folders. Only folders can fail to be listed."""
    failed = {
        "Prepare": counted[Count.FAILED_PREPARE],
        "Transfer": counted[Count.FAILED_TRANSFER],
        "Verify": counted[Count.FAILED_VERIFY],
        "Delete": counted[Count.FAILED_DELETE],
    }
    return {
        f"Estimated{noun}ToTransfer": counted[Count.ESTIMATED],
        f"Estimated{noun}ToDelete": counted[Count.ESTIMATED_TO_DELETE],
        f"{noun}Listed": {
            "AtSource": counted[Count.LISTED_AT_SOURCE],
            "AtDestinationForDelete": counted[Count.LISTED_AT_DESTINATION],
        },
        f"{noun}Prepared": counted[Count.PREPARED],
        f"{noun}Transferred": counted[Count.TRANSFERRED],
        f"{noun}Skipped": counted[Count.SKIPPED],
        f"{noun}Verified": counted[Count.VERIFIED],
        f"{noun}Deleted": counted[Count.DELETED],
        f"{noun}Failed": {"List": counted[Count.FAILED_LIST], **failed} if noun == "Folders" else failed,
    }
