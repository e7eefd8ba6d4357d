"""What this process remembers of a sync between two passes. Losing it costs reads, nothing in a database."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamover_operator.tablesyncs.plan.observed import Synced, Verification
from datamover_operator.tablesyncs.ways import Ways


@dataclass(slots=True)
class SyncMemory:
    """`ways` are those that last led into both databases: a namespace that is deleted loses its Secrets first.

    `former` are the ones before, to databases that the spec no longer names. `target`, `last_synced`, `told_at` and
    `inactive_since` are as in Observed. `verification` is the comparison for the spec of `generation`. `clean_at` is
    when databases that the spec no longer names are looked at again, by this process's own clock; `vain` counts tries
    in a row to reach a database.
    """

    ways: Ways | None = None
    former: tuple[Ways, ...] = ()
    generation: int = 0
    target: int | None = None
    last_synced: Synced | None = None
    told_at: datetime | None = None
    inactive_since: datetime | None = None
    verification: Verification | None = None
    clean_at: float = 0.0
    vain: int = 0

    def take(self, ways: Ways) -> None:
        """Use these ways from now on."""
        if self.ways is not None and self.ways.where != ways.where:
            self.former = (*self.former, self.ways)[-8:]
        self.ways = ways

    def begin(self, generation: int) -> None:
        """What was waited for under another spec is not waited for any more."""
        if generation != self.generation:
            self.generation, self.target, self.last_synced, self.verification = generation, None, None, None

    def forget_unfinished(self) -> None:
        """A comparison that goes on no longer, and has not come to its end, is made anew."""
        if self.verification is not None and not self.verification.is_done:
            self.verification = None


class Memories:
    """One SyncMemory per uid."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self._memories: dict[str, SyncMemory] = {}

    def of(self, uid: str) -> SyncMemory:
        """What is remembered of this sync."""
        return self._memories.setdefault(uid, SyncMemory())

    def forget(self, uid: str) -> None:
        """The sync is gone."""
        self._memories.pop(uid, None)
