"""Carries a plan out."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final, TypeVar

from datasync_emulator.dataplane.outcome import Step
from datasync_emulator.dataplane.parallel import in_parallel

if TYPE_CHECKING:
    from collections.abc import Callable

    from datasync_emulator.dataplane.account import Account
    from datasync_emulator.dataplane.bandwidth import Bandwidth
    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.plan import Move, Plan
    from datasync_emulator.dataplane.stores.port import Reader, Store, Writer

T = TypeVar("T")

# More would only fight over the interpreter lock; hashing, reading and writing are done outside it.
WORKERS: Final = max(2, min(4, os.cpu_count() or 2))
CHUNK: Final = 256 * 1024
new_checksum: Final = hashlib.sha256


class Transfer:
    """One plan's way from source to destination. At most WORKERS chunks are in memory at a time."""

    def __init__(
        self,
        source: Store,
        destination: Store,
        account: Account,
        bandwidth: Bandwidth,
        check: Callable[[], None],
    ) -> None:
        """`check` is called between chunks and raises to stop."""
        self._source = source
        self._destination = destination
        self._account = account
        self._bandwidth = bandwidth
        self._check = check
        self.arrived: list[tuple[Entry, bytes | None]] = []
        """What was transferred, with the checksum of what was read at the source where content was."""

    def carry_out(self, plan: Plan) -> None:
        """Do all of it. What fails is counted and the rest goes on."""
        for entry in plan.deletions:
            self._attempt(Step.DELETED, entry, self._delete, entry)
        for folder in plan.folders:
            self._attempt(Step.TRANSFERRED, folder, self._make_folder, folder)
        in_parallel(plan.moves, lambda move: self._attempt(Step.TRANSFERRED, move.target, self._move, move), WORKERS)
        in_parallel(plan.touches, lambda target: self._attempt(Step.TRANSFERRED, target, self._touch, target), WORKERS)
        for folder in plan.settlements:
            self._attempt(Step.TRANSFERRED, folder, self._destination.touch, folder)

    def _attempt(self, step: Step, entry: Entry, action: Callable[[T], None], subject: T) -> None:
        self._check()
        try:
            action(subject)
        except OSError as error:
            self._account.failed(step, entry, error)

    def _delete(self, entry: Entry) -> None:
        if self._destination.delete(entry):
            self._account.deleted(entry)

    def _make_folder(self, folder: Entry) -> None:
        self._destination.make_folder(folder)
        self._arrived(folder)

    def _touch(self, target: Entry) -> None:
        self._destination.touch(target)
        self._arrived(target)

    def _move(self, move: Move) -> None:
        reader = self._source.open(move.source)
        try:
            writer = self._destination.create(move.target)
            try:
                checksum = self._pump(reader, writer)
                writer.commit()
            finally:
                writer.discard()
        finally:
            reader.close()
        self._arrived(move.target, checksum)

    def _arrived(self, target: Entry, checksum: bytes | None = None) -> None:
        self.arrived.append((target, checksum))
        self._account.transferred(target, content=checksum is not None)

    def _pump(self, reader: Reader, writer: Writer) -> bytes:
        checksum = new_checksum()
        while True:
            self._check()
            chunk = reader.read(CHUNK)
            if not chunk:
                return checksum.digest()
            self._bandwidth.take(len(chunk))
            checksum.update(chunk)
            writer.write(chunk)
            self._account.progress.move_bytes(len(chunk))
