"""Rolls back movers whose creation has failed: they are deleted with everything that the operator created for them.

A client was told that its creation failed, so nothing of it may stay: the client can neither see such a mover nor
delete it, and it must not start to work some day. Every replica reports the failures that it sees; the first one
deletes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

import structlog

from datamover_api.actions.writer import Writer
from datamover_api.mirror.keys import FAILED
from datamover_api.mirror.place import Room
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover

_AGAIN_S: Final = 5.0
_log = structlog.get_logger(__name__)


class Rollback:
    """Deletes movers that have failed, after reporting them to `failed`."""

    def __init__(self, writer: Writer, failed: Callable[[DataMover], None]) -> None:
        """Write through `writer`."""
        self._writer = writer
        self._failed = failed
        self._waiting: dict[str, Room] = {}
        self._wake = asyncio.Event()

    def look(self, room: Room) -> None:
        """See what has failed in a room whose movers have changed."""
        for entry in room.movers.entries(FAILED):
            if entry.uid not in self._waiting:
                self._failed(entry.model)
                self._waiting[entry.uid] = room
                self._wake.set()

    async def take_back(self) -> None:
        """Delete what has failed, until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                for uid, room in list(self._waiting.items()):
                    if await self._is_taken_back(uid, room):
                        del self._waiting[uid]
                if self._waiting:
                    await asyncio.sleep(_AGAIN_S)

    async def _is_taken_back(self, uid: str, room: Room) -> bool:
        """Delete the mover as it was seen, unless it has changed: it may have been corrected meanwhile."""
        entry = room.movers.get(uid)
        if entry is None or not entry.digest.has_failed:
            return True
        mover = entry.model
        try:
            await self._writer.delete_mover(room, mover, only_as_seen=True)
        except KubeError as error:
            if error.is_conflict:
                return await self._writer.read_mover(room, mover.metadata.name) is None
            _log.info("a failed mover could not be rolled back yet", mover=mover.metadata.name, error=str(error))
            return False
        _log.info("a failed mover is rolled back", mover=mover.metadata.name)
        return True
