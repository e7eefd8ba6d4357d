"""What this process remembers of a sync between two passes. Losing it costs reads, nothing in a database."""

from __future__ import annotations

from dataclasses import dataclass

from datamover_operator.tablesyncs.ways import Ways


@dataclass(slots=True)
class SyncMemory:
    """`ways` are those that last led into both databases: a namespace that is deleted loses its Secrets first."""

    ways: Ways | None = None


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
