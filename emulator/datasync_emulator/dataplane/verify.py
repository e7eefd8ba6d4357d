"""Checks the destination against the source, by real checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Entry, Kind
from datasync_emulator.dataplane.parallel import in_parallel
from datasync_emulator.dataplane.progress import Count
from datasync_emulator.dataplane.target import attributes_match, target_of
from datasync_emulator.dataplane.transfer import CHUNK, WORKERS, new_checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from datasync_emulator.dataplane.plan import Listing
    from datasync_emulator.dataplane.progress import Progress
    from datasync_emulator.dataplane.rules import Rules
    from datasync_emulator.dataplane.stores.port import Store


class Verification:
    """Compares entries of two stores and counts what agrees and what does not."""

    def __init__(
        self, source: Store, destination: Store, rules: Rules, progress: Progress, check: Callable[[], None]
    ) -> None:
        """`check` is called between chunks and raises to stop."""
        self._source = source
        self._destination = destination
        self._rules = rules
        self._progress = progress
        self._check = check

    def of_transferred(self, arrived: Iterable[tuple[Entry, bytes | None]]) -> None:
        """What a transfer brought, against the checksums taken while it was read at the source."""

        def verify(item: tuple[Entry, bytes | None]) -> None:
            target, expected = item
            found = self._destination.stat(target)
            fits = found is not None and attributes_match(found, target, self._rules)
            self._count(
                target, agrees=fits and (expected is None or self._checksum(self._destination, target) == expected)
            )

        in_parallel(arrived, verify, WORKERS)

    def of_everything(self, source: Listing, destination: Listing, left: Iterable[Entry]) -> None:
        """All that stands at the source now, but for what was left on purpose."""
        left_names = {entry.name for entry in left}

        def verify(entry: Entry) -> None:
            found = destination.entries.get(entry.name)
            self._count(entry, agrees=found is not None and self._agree(entry, found))

        in_parallel([entry for name, entry in source.entries.items() if name not in left_names], verify, WORKERS)

    def _agree(self, source: Entry, found: Entry) -> bool:
        target = target_of(source, found, self._rules)
        if source.size != found.size or not attributes_match(found, target, self._rules):
            return False
        return source.kind is Kind.FOLDER or self._checksum(self._source, source) == self._checksum(
            self._destination, found
        )

    def _count(self, entry: Entry, *, agrees: bool) -> None:
        if agrees:
            self._progress.add(Count.VERIFIED, entry.kind)
        else:
            self._progress.fail(Count.FAILED_VERIFY, entry.kind, entry.name, "source and destination differ")

    def _checksum(self, store: Store, entry: Entry) -> bytes | None:
        """The content's checksum; None if it cannot be read."""
        checksum = new_checksum()
        try:
            reader = store.open_to_verify(entry)
        except OSError:
            return None
        try:
            while chunk := reader.read(CHUNK):
                self._check()
                checksum.update(chunk)
        except OSError:
            return None
        finally:
            reader.close()
        return checksum.digest()
