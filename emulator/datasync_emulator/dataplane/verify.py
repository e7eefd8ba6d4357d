"""Checks the destination against the source, by real checksums."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import DEVICES, Entry, Kind
from datasync_emulator.dataplane.outcome import Failure
from datasync_emulator.dataplane.parallel import in_parallel
from datasync_emulator.dataplane.target import attributes_match, target_of
from datasync_emulator.dataplane.transfer import CHUNK, WORKERS, new_checksum

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from datasync_emulator.dataplane.account import Account
    from datasync_emulator.dataplane.plan import Listing
    from datasync_emulator.dataplane.rules import Rules
    from datasync_emulator.dataplane.stores.port import Store


class Verification:
    """Compares entries of two stores and counts what agrees and what does not."""

    def __init__(
        self,
        source: Store,
        destination: Store,
        rules: Rules,
        account: Account,
        check: Callable[[], None],
    ) -> None:
        """`check` is called between chunks and raises to stop."""
        self._source = source
        self._destination = destination
        self._rules = rules
        self._account = account
        self._check = check

    def of_transferred(self, arrived: Iterable[tuple[Entry, bytes | None]]) -> None:
        """What a transfer brought, against the checksums taken while it was read at the source."""

        def verify(item: tuple[Entry, bytes | None]) -> None:
            target, expected = item
            found = self._destination.stat(target)
            if found is None or not attributes_match(found, target, self._rules):
                self._refuse(target, found)
            else:
                self._compare(target, found, None if expected is None else lambda: expected)

        in_parallel(arrived, verify, WORKERS)

    def of_everything(self, source: Listing, destination: Listing, left: Iterable[Entry]) -> None:
        """All that stands at the source now, but for what was left on purpose."""
        left_names = {entry.name for entry in left}

        def verify(entry: Entry) -> None:
            found = destination.entries.get(entry.name)
            if found is None or not self._fits(entry, found):
                self._refuse(entry, found)
            else:
                has_content = entry.kind is not Kind.FOLDER and entry.kind not in DEVICES
                self._compare(entry, found, (lambda: self._checksum(self._source, entry)) if has_content else None)

        in_parallel([entry for name, entry in source.entries.items() if name not in left_names], verify, WORKERS)

    def of_vanished(self, arrived: Iterable[tuple[Entry, bytes | None]], source: Listing) -> None:
        """What was transferred, but is at the source no more."""
        for target, checksum in arrived:
            if checksum is not None and target.name not in source.entries:
                self._account.mismatched(target, target, Failure.NOT_AT_SOURCE)

    def _fits(self, entry: Entry, found: Entry) -> bool:
        return entry.size == found.size and attributes_match(found, target_of(entry, found, self._rules), self._rules)

    def _refuse(self, entry: Entry, found: Entry | None) -> None:
        failure = Failure.NOT_AT_DESTINATION if found is None else Failure.METADATA_DIFFERS
        self._account.mismatched(entry, found, failure)

    def _compare(self, entry: Entry, found: Entry, checksum_at_source: Callable[[], bytes] | None) -> None:
        """Compare contents, where there are any; what cannot be read does not fit."""
        if checksum_at_source is None:
            self._account.verified(entry, found)
            return
        try:
            checksums = checksum_at_source(), self._checksum(self._destination, found)
        except OSError:
            self._account.mismatched(entry, found, Failure.READ)
            return
        if checksums[0] == checksums[1]:
            self._account.verified(entry, found, checksums)
        else:
            self._account.mismatched(entry, found, Failure.CONTENT_DIFFERS, checksums)

    def _checksum(self, store: Store, entry: Entry) -> bytes:
        """The content's checksum; OSError if it cannot be read."""
        checksum = new_checksum()
        reader = store.open_to_verify(entry)
        try:
            while chunk := reader.read(CHUNK):
                self._check()
                checksum.update(chunk)
        finally:
            reader.close()
        return checksum.digest()
