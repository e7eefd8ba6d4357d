"""Removes what a killed service left behind: runs that no request waits for, and objects that were not finished.

A start whose service has ended is either claimed by the operator, and then is a run like any other, or must never
happen: otherwise it would begin some day, long after its client has tried again. An object whose Secrets were not
created can't work, and its client does not know of it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from datamover_api.actions.runs import Runs
from datamover_api.actions.writer import Writer
from datamover_api.mirror.keys import UNFINISHED, UNSTARTED
from datamover_api.mirror.place import Room
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverRun, TableSync, from_timestamp
from datamover_crds.contract import CLAIM_ANNOTATION, FINAL_PHASES, ORIGIN_LABEL, REST_ORIGIN

_INTERVAL_S: Final = 30.0
_log = structlog.get_logger(__name__)


class Janitor:
    """Looks through all rooms; what is younger than `patience` seconds may still be waited for."""

    def __init__(self, rooms: Callable[[], Iterable[Room]], runs: Runs, writer: Writer, patience: float) -> None:
        """`rooms` gives the rooms there are now."""
        self._rooms = rooms
        self._runs = runs
        self._writer = writer
        self._patience = timedelta(seconds=patience)

    async def tidy(self) -> None:
        """Tidy up periodically, until cancelled."""
        while True:
            for room in self._rooms():
                for run in [each for each in room.runs.under(UNSTARTED) if self._is_forsaken(each)]:
                    await self._remove(room, run)
                unfinished: list[DataMover | TableSync] = [*room.movers.under(UNFINISHED)]
                unfinished += room.tables.under(UNFINISHED)
                for obj in [each for each in unfinished if self._is_old(each)]:
                    await self._remove_unfinished(room, obj)
            await asyncio.sleep(min(_INTERVAL_S, self._patience.total_seconds()))

    def _is_forsaken(self, run: DataMoverRun) -> bool:
        meta = run.metadata
        if meta.labels.get(ORIGIN_LABEL) != REST_ORIGIN or meta.deletion_timestamp is not None:
            return False
        if not _never_started(run):
            return False
        return self._is_old(run)

    def _is_old(self, obj: DataMover | DataMoverRun | TableSync) -> bool:
        made = from_timestamp(obj.metadata.creation_timestamp or "1970-01-01T00:00:00Z")
        return datetime.now(UTC) - made > self._patience

    async def _remove(self, room: Room, run: DataMoverRun) -> None:
        try:
            if run.status.phase in FINAL_PHASES:
                await self._writer.delete_run(room, run)
            else:
                await self._runs.withdraw(room, run)
        except KubeError as error:
            _log.info("an abandoned run could not be removed yet", run=run.metadata.name, error=str(error))
        else:
            _log.info("an abandoned run was removed", run=run.metadata.name)

    async def _remove_unfinished(self, room: Room, obj: DataMover | TableSync) -> None:
        """Remove an object as it was seen: it may have been finished meanwhile."""
        try:
            await self._writer.delete(room, obj, only_as_seen=True)
        except KubeError as error:
            _log.info("an unfinished object could not be removed yet", name=obj.metadata.name, error=str(error))
        else:
            _log.info("an unfinished object was removed", kind=obj.kind, name=obj.metadata.name)


def _never_started(run: DataMoverRun) -> bool:
    if run.status.phase in FINAL_PHASES:
        return run.status.phase in {"Rejected", "Cancelled"}
    return CLAIM_ANNOTATION not in run.metadata.annotations
