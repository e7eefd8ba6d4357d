"""Syncs as they are found in the mirror, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from datamover_api.mirror.keys import Shelf
from datamover_api.mirror.place import Room, StoredMover, StoredRun, StoredTable
from datamover_api.mirror.shown import Shown, Version, version_with_runs
from datamover_api.sync.documents import (
    State,
    document,
    mover_state,
    status_document,
    table_state,
)
from datamover_api.sync.runs import run_document, table_run
from datamover_crds import DataMover, JsonObject, TableSync
from datamover_crds.contract import SYNC_ORIGIN

Stored = StoredMover | StoredTable


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks: the name of the key, and whether it sees the syncs of all."""

    name: str
    is_administrator: bool

    @property
    def shelf(self) -> Shelf:
        """Under which key the client's syncs are found."""
        return Shelf(SYNC_ORIGIN, "" if self.is_administrator else self.name)


class Views:
    """Finds syncs and makes documents of them."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        """Keep nothing yet."""
        self._now = now
        self._shown = Shown()

    @staticmethod
    def find(room: Room, name: str, client: Client) -> Stored | None:
        """The client's sync whose object has this name; None where there is none, or it is being deleted."""
        found = room.movers.named(room.namespace, name) or room.tables.named(room.namespace, name)
        return found if found is not None and client.shelf in found.digest.shelves else None

    @staticmethod
    def all_of(room: Room, client: Client) -> list[Stored]:
        """The client's syncs, the youngest first."""
        movers = room.movers.derived(client.shelf, _sorted_movers)
        tables = room.tables.derived(client.shelf, _sorted_tables)
        if not movers or not tables:
            return [*movers, *tables]
        return sorted((*movers, *tables), key=place_of, reverse=True)

    def version(self, room: Room, entry: Stored) -> Version:
        """What changes whenever the sync does."""
        return version_with_runs(room, entry.uid, entry.version)

    def state(self, room: Room, entry: Stored) -> State:
        """How a sync is."""
        obj = entry.model
        if isinstance(obj, TableSync):
            return table_state(obj)
        return mover_state(obj, [each.model for each in self.runs(room, entry)], self._now())

    def one(self, room: Room, entry: Stored) -> bytes:
        """A sync as JSON. What depends on the time beside the objects is made anew each time."""
        if self._is_timed(room, entry):
            return _json(document(entry.model, self.state(room, entry)))
        version = self.version(room, entry)
        return self._shown.get(entry.uid, version, lambda: _json(document(entry.model, self.state(room, entry))))

    def status(self, room: Room, entry: Stored) -> JsonObject:
        """How a sync is, without what it is."""
        runs = self.runs(room, entry)
        return status_document(entry.model, self.state(room, entry), runs[-1].model if runs else None)

    def look(self, room: Room, entry: Stored, client: Client) -> Callable[[], tuple[str, JsonObject] | None]:
        """What gives the version of a sync and its status whenever it is called; None once the sync is gone."""
        last: tuple[str, JsonObject] = ("", {})

        def look() -> tuple[str, JsonObject] | None:
            nonlocal last
            found = self.find(room, entry.name, client)
            if found is None or found.uid != entry.uid:
                return None
            version = "-".join(map(str, self.version(room, found)))
            if version != last[0]:
                last = (version, self.status(room, found))
            return last

        return look

    @staticmethod
    def runs(room: Room, entry: Stored) -> list[StoredRun]:
        """The runs of a sync of files, the oldest first."""
        return sorted(room.runs.entries(entry.uid), key=lambda run: (run.digest.started, run.name))

    def run_documents(self, room: Room, entry: Stored) -> list[JsonObject]:
        """The runs of a sync, the youngest first."""
        obj = entry.model
        if isinstance(obj, DataMover):
            return [run_document(each.model) for each in reversed(self.runs(room, entry))]
        last = table_run(obj)
        return [last] if last is not None else []

    @staticmethod
    def _is_timed(room: Room, entry: Stored) -> bool:
        return any(run.digest.phase == "Transferring" for run in room.runs.entries(entry.uid))


def place_of(entry: Stored) -> tuple[str, str]:
    """Where a sync stands in lists."""
    return entry.digest.created, entry.name


def _sorted_movers(entries: Iterable[StoredMover]) -> tuple[StoredMover, ...]:
    return tuple(sorted(entries, key=place_of, reverse=True))


def _sorted_tables(entries: Iterable[StoredTable]) -> tuple[StoredTable, ...]:
    return tuple(sorted(entries, key=place_of, reverse=True))


def _json(value: JsonObject) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
