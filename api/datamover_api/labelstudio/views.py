"""Storages as JSON."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from typing import Final

from datamover_api.labelstudio.building import id_of, members_in
from datamover_api.labelstudio.storages import hindrance_of, last_sync, storage_document
from datamover_api.labelstudio.syncs import in_order
from datamover_api.mirror.place import Room, StoredMover
from datamover_api.mirror.shown import Shown, version_with_runs
from datamover_crds import JsonObject

_AT_ONCE: Final = 20


class Views:
    """Makes documents of movers."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._shown = Shown()

    def one(self, room: Room, entry: StoredMover) -> bytes:
        """A storage as JSON."""
        version = version_with_runs(room, entry.uid, entry.version)
        return self._shown.get(entry.uid, version, lambda: _json(self.document(room, entry)))

    async def several(self, room: Room, uids: Iterable[str]) -> bytes:
        """Storages as a JSON array; others have their turn meanwhile, for there may be many."""
        shown = []
        for number, uid in enumerate(uids):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)
            if (entry := room.movers.get(uid)) is not None:
                shown.append(self.one(room, entry))
        return b"[" + b",".join(shown) + b"]"

    @staticmethod
    def document(room: Room, entry: StoredMover) -> JsonObject:
        """A storage."""
        mover = entry.model
        runs = in_order(run.model for run in room.runs.entries(entry.uid))
        created = mover.metadata.creation_timestamp or "1970-01-01T00:00:00Z"
        sync = last_sync(runs, hindrance_of(mover))
        return storage_document(id_of(entry.name) or 0, created, members_in(mover), sync)


def _json(document: JsonObject) -> bytes:
    return json.dumps(document, separators=(",", ":")).encode()
