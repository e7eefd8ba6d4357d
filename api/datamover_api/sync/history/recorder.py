"""Records runs as they end, and catches up with what was missed: at the start, and while the database was away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final, NamedTuple

import structlog
from pydantic import JsonValue

from datamover_api.mirror.keys import Shelf
from datamover_api.mirror.mirror import Mirror, NotReadError
from datamover_api.mirror.place import Room
from datamover_api.sync.history.store import HistoryError, HistoryStore, Run
from datamover_api.sync.names import id_of
from datamover_api.sync.runs import began, run_document, table_ends
from datamover_crds import JsonObject, from_timestamp
from datamover_crds.contract import FINAL_PHASES, SYNC_ORIGIN, sync_home

_INTERVAL_S: Final = 1.0
_AGAIN_S: Final = 5.0
_AT_ONCE: Final = 200
_KEPT: Final = timedelta(days=365)
_PRUNE_S: Final = 3600.0
_ALL: Final = Shelf(SYNC_ORIGIN, "")
_log = structlog.get_logger(__name__)


class _Ended(NamedTuple):
    """Runs that have ended, with the uid and the version of the object that tells of them."""

    uid: str
    version: int
    runs: tuple[Run, ...]


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
        count, part = 0, list[_Ended]()
        async for ended in self._fresh(home[1] if home is not None else None):
            part.append(ended)
            if len(part) == _AT_ONCE:
                await self._write(part)
                count, part = count + len(part), []
        await self._write(part)
        if self.problem:
            _log.info("the history is recorded", runs=count + len(part))
        self.problem = ""

    async def _write(self, part: Sequence[_Ended]) -> None:
        await asyncio.to_thread(self._store.record, [run for each in part for run in each.runs])
        self._recorded.update((each.uid, each.version) for each in part)

    async def _fresh(self, room: Room | None) -> AsyncIterator[_Ended]:
        """What has ended and is not recorded as it is; there may be much, so others have their turn between any two."""
        seen: set[str] = set()
        for mover in room.movers.entries(_ALL) if room is not None else ():
            await asyncio.sleep(0)
            for run in room.runs.entries(mover.uid) if room is not None else ():
                if run.digest.phase not in FINAL_PHASES:
                    continue
                seen.add(run.uid)
                if self._recorded.get(run.uid) != run.version:
                    await asyncio.sleep(0)
                    yield _Ended(run.uid, run.version, (run_of(run.uid, mover.name, run_document(run.model)),))
        for table in room.tables.entries(_ALL) if room is not None else ():
            seen.add(table.uid)
            if self._recorded.get(table.uid) != table.version:
                await asyncio.sleep(0)
                ends = table_ends(table.model)
                yield _Ended(
                    table.uid,
                    table.version,
                    tuple(run_of(f"{table.uid}/{each['id']}", table.name, each) for each in ends),
                )
        for gone in self._recorded.keys() - seen:
            del self._recorded[gone]

    def _failed(self, error: HistoryError) -> None:
        if self.problem != str(error):
            _log.warning("the history is not recorded now, and will be later", problem=str(error))
        self.problem = str(error)


def run_of(uid: str, name: str, document: JsonObject) -> Run:
    """A run of the sync whose object has this name, as it is recorded."""
    clean = {each: _storable(value) for each, value in document.items()}
    return Run(uid, id_of(name), from_timestamp(began(document)), clean)


def _storable(value: JsonValue) -> JsonValue:
    """The value without the characters that PostgreSQL refuses: one would keep all that is written with it away."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {name: _storable(each) for name, each in value.items()}
    return value
