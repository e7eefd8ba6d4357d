"""Records runs as they end, and catches up with what was missed: at the start, and while the database was away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from datamover_api.mirror.keys import Shelf
from datamover_api.mirror.mirror import Mirror, NotReadError
from datamover_api.mirror.place import Room
from datamover_api.sync.documents import run_document, table_run
from datamover_api.sync.history.store import HistoryError, HistoryStore, Run
from datamover_api.sync.names import id_of
from datamover_crds import JsonObject, from_timestamp
from datamover_crds.contract import FINAL_PHASES, SYNC_ORIGIN, sync_home

_INTERVAL_S: Final = 1.0
_AGAIN_S: Final = 5.0
_AT_ONCE: Final = 200
_KEPT: Final = timedelta(days=365)
_PRUNE_S: Final = 3600.0
_ALL: Final = Shelf(SYNC_ORIGIN, "")
_log = structlog.get_logger(__name__)


class History:
    """What was recorded, as long as `record` runs."""

    def __init__(
        self, store: HistoryStore, mirror: Mirror, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        """Record into `store` what `mirror` shows."""
        self._store = store
        self._mirror = mirror
        self._now = now
        self._recorded: dict[str, int] = {}
        self._is_migrated = False
        self.problem = "the history's database has not been reached yet"
        """Why the history is not complete at the moment; empty where all is well."""

    async def runs_of(self, sync_id: str) -> list[JsonObject]:
        """The recorded runs of a sync, the youngest first; none while the database is away."""
        if self.problem:
            return []
        try:
            return await asyncio.to_thread(self._store.runs_of, sync_id)
        except HistoryError as error:
            self._failed(error)
            return []

    async def record(self) -> None:
        """Record what ends, until cancelled."""
        pruned_at = float("-inf")
        loop = asyncio.get_running_loop()
        try:
            while True:
                try:
                    await self._catch_up()
                    if loop.time() - pruned_at >= _PRUNE_S:
                        await asyncio.to_thread(self._store.prune, self._now() - _KEPT)
                        pruned_at = loop.time()
                except HistoryError as error:
                    self._failed(error)
                    await asyncio.sleep(_AGAIN_S)
                except NotReadError:
                    pass
                await asyncio.sleep(_INTERVAL_S)
        finally:
            self._store.close()

    async def _catch_up(self) -> None:
        if not self._is_migrated:
            await asyncio.to_thread(self._store.migrate)
            self._is_migrated = True
        home = await self._mirror.home(sync_home)
        fresh = list(self._fresh(home[1])) if home is not None else []
        for start in range(0, len(fresh), _AT_ONCE):
            part = fresh[start : start + _AT_ONCE]
            await asyncio.to_thread(self._store.record, [run for _, run in part])
            self._recorded.update((run.uid, version) for version, run in part)
        if self.problem:
            _log.info("the history is recorded", runs=len(fresh))
        self.problem = ""

    def _fresh(self, room: Room) -> Iterator[tuple[int, Run]]:
        """The runs that have ended and are not recorded as they are."""
        seen: set[str] = set()
        for mover in room.movers.entries(_ALL):
            for run in room.runs.entries(mover.uid):
                if run.digest.phase in FINAL_PHASES:
                    seen.add(run.uid)
                    if self._recorded.get(run.uid) != run.version:
                        yield run.version, _run(run.uid, mover.name, run_document(run.model))
        for table in room.tables.entries(_ALL):
            document = table_run(table.model)
            if document is None or document["endedAt"] is None:
                continue
            uid = f"{table.uid}/{document['endedAt']}"
            seen.add(uid)
            if uid not in self._recorded:
                yield 0, _run(uid, table.name, document | {"id": f"{table.name}-{document['endedAt']}"})
        for gone in self._recorded.keys() - seen:
            del self._recorded[gone]

    def _failed(self, error: HistoryError) -> None:
        if self.problem != str(error):
            _log.warning("the history is not recorded now, and will be later", problem=str(error))
        self.problem = str(error)


def _run(uid: str, name: str, document: JsonObject) -> Run:
    began = str(document["startedAt"] or document["endedAt"])
    return Run(uid, id_of(name), from_timestamp(began), document)
