"""Gives an account of a run: counts what becomes of every entry, and tells whoever observes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Kind
from datasync_emulator.dataplane.outcome import Failure, Outcome, Step
from datasync_emulator.dataplane.progress import Count
from datasync_emulator.dataplane.stores.port import ArchivedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.outcome import Checksums, Observer
    from datasync_emulator.dataplane.plan import Listing, Plan
    from datasync_emulator.dataplane.progress import Progress
    from datasync_emulator.dataplane.stores.port import Store

_LEFT = "The destination is not to be overwritten, or has nothing like it"
_UNCHANGED = "The destination has it already"
_NO_CHECKSUMS: Checksums = (None, None)
_FAILED = {
    Step.TRANSFERRED: (Count.FAILED_TRANSFER, Failure.TRANSFER),
    Step.DELETED: (Count.FAILED_DELETE, Failure.DELETE),
}


class Account:
    """Counts in a Progress and makes outcomes, where anybody observes. Safe for use by several threads."""

    def __init__(self, progress: Progress, observe: Observer | None, destination: Store) -> None:
        """`observe` None wants to hear nothing, and costs nothing."""
        self.progress = progress
        self._observe = observe
        self._destination = destination
        self._sources: Mapping[str, Entry] = {}
        self._existing: frozenset[str] = frozenset()

    def prepared(self, source: Listing, destination: Listing, plan: Plan) -> None:
        """The run knows what it has to do; what it leaves is told now."""
        self.progress.add_all(Count.SKIPPED, [*plan.skipped, *plan.unchanged])
        if self._observe is not None:
            self._sources, self._existing = source.entries, frozenset(destination.entries)
            for entries, reason in ((plan.skipped, _LEFT), (plan.unchanged, _UNCHANGED)):
                for entry in entries:
                    self._observe(Outcome(Step.SKIPPED, entry, reason=reason))
        for entry, reason in plan.refused:
            self.unprepared(entry, Failure.NOT_SUPPORTED, reason)

    def unprepared(self, entry: Entry, failure: Failure, reason: str) -> None:
        """An entry of the source cannot be listed or transferred."""
        is_listing = entry.kind is Kind.FOLDER and failure is Failure.READ
        self.progress.fail(Count.FAILED_LIST if is_listing else Count.FAILED_PREPARE, entry.kind, entry.name, reason)
        if self._observe is not None:
            self._observe(Outcome(Step.SKIPPED, entry, failure, reason))

    def transferred(self, target: Entry, *, content: bool) -> None:
        """An entry has arrived, with its content or its metadata alone."""
        self.progress.add(Count.TRANSFERRED, target.kind)
        if self._observe is not None:
            version = self._destination.version_of(target)
            overwritten = target.name in self._existing
            source = self._source(target)
            self._observe(Outcome(Step.TRANSFERRED, source, content=content, overwritten=overwritten, version=version))

    def deleted(self, entry: Entry) -> None:
        """An entry of the destination is gone."""
        self.progress.add(Count.DELETED, entry.kind)
        if self._observe is not None:
            self._observe(Outcome(Step.DELETED, entry))

    def failed(self, step: Step, entry: Entry, error: OSError) -> None:
        """An entry could not be transferred or deleted."""
        count, failure = _FAILED[step]
        self.progress.fail(count, entry.kind, entry.name, str(error))
        if self._observe is not None:
            source = entry if step is Step.DELETED else self._source(entry)
            if isinstance(error, ArchivedError):
                step, failure = Step.SKIPPED, Failure.ARCHIVED
            overwritten = entry.name in self._existing
            self._observe(Outcome(step, source, failure, error.strerror or str(error), overwritten=overwritten))

    def verified(self, entry: Entry, found: Entry, checksums: Checksums = _NO_CHECKSUMS) -> None:
        """Source and destination agree."""
        self.progress.add(Count.VERIFIED, entry.kind)
        if self._observe is not None:
            self._observe(Outcome(Step.VERIFIED, self._source(entry), found=found, checksums=checksums))

    def mismatched(
        self, entry: Entry, found: Entry | None, failure: Failure, checksums: Checksums = _NO_CHECKSUMS
    ) -> None:
        """They do not."""
        self.progress.fail(Count.FAILED_VERIFY, entry.kind, entry.name, failure.text)
        if self._observe is not None:
            source = self._source(entry)
            self._observe(Outcome(Step.VERIFIED, source, failure, failure.text, found=found, checksums=checksums))

    def _source(self, target: Entry) -> Entry:
        return self._sources.get(target.name, target)
