"""What the DataSync API v2.1 does, on movers and table syncs; every refusal is a RefusalError."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from secrets import token_hex
from typing import Final

import structlog

from datamover_api.actions.creation import create_with_secrets
from datamover_api.actions.writer import Writer
from datamover_api.mirror.mirror import Mirror
from datamover_api.mirror.place import Room
from datamover_api.sync.building import Defaults, Setting, change_of, draft, kept_by
from datamover_api.sync.history.recorder import History
from datamover_api.sync.names import name_of, new_id
from datamover_api.sync.paging import cursor_of, filters_of, page_of
from datamover_api.sync.problems import Fault, ProblemError, as_problems, missing
from datamover_api.sync.runs import began
from datamover_api.sync.sides import POSTGRESQL
from datamover_api.sync.views import Client, Stored, Views, place_of
from datamover_api.sync.webhooks import changed_key_of, signing_key
from datamover_api.sync.wire import ChangeSync, CreateSync
from datamover_common.hosts import HostPolicy
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverAccount, JsonObject, TableSync, to_timestamp
from datamover_crds.contract import CLIENT_ANNOTATION, sync_home

_TRIES: Final = 20
_MIRROR_S: Final = 2.0
"""How long what somebody else has written may take to be seen."""
_AT_ONCE: Final = 20
_FIXED: Final = ("source", "destination")
_log = structlog.get_logger(__name__)


class Syncs:
    """The syncs. All methods raise RefusalError."""

    def __init__(
        self,
        mirror: Mirror,
        writer: Writer,
        defaults: Callable[[], Defaults],
        databases: HostPolicy,
        history: History | None,
    ) -> None:
        """Read from `mirror`; `defaults` gives those of now, `history` what Kubernetes does not keep any more.

        `databases` are the hosts that tables may be synced between.
        """
        self._databases = databases
        self._history = history
        self._mirror = mirror
        self._writer = writer
        self._defaults = defaults
        self.views = Views()

    async def create(self, request: CreateSync, client: Client) -> bytes:
        """Make a sync."""
        account, room = await self._home()
        setting = Setting(account, room.namespace, client.name, self._defaults(), self._databases)
        with as_problems():
            for _ in range(_TRIES):
                plan = draft(new_id(), request, setting)
                try:
                    secrets = {plan.made.metadata.name: plan.secrets} if plan.secrets else {}
                    made = await create_with_secrets(self._writer, room, plan.made, secrets)
                except KubeError as error:
                    if not error.is_already_there:
                        raise
                    continue
                entry = self.views.find(room, made.metadata.name, client)
                if entry is not None:
                    return self.views.one(room, entry)
                break
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the sync was deleted while it was being created")

    async def find(self, sync_id: str, client: Client) -> tuple[Room, Stored]:
        """A client's sync."""
        _, room = await self._home()
        name = name_of(sync_id)
        entry = self.views.find(room, name, client) if name is not None else None
        if entry is None:
            raise missing(sync_id)
        return room, entry

    async def page(self, query: Mapping[str, str], client: Client) -> bytes:
        """A page of the client's syncs, the youngest first; filtered by status and type."""
        _, room = await self._home()
        with as_problems():
            page, wanted = page_of(query), filters_of(query)
        items: list[bytes] = []
        last: tuple[str, str] | None = None
        for number, entry in enumerate(self.views.all_of(room, client)):
            if number % _AT_ONCE == _AT_ONCE - 1:
                await asyncio.sleep(0)  # there may be many to go through
            place = place_of(entry)
            if page.after is not None and place >= page.after:
                continue
            if len(items) == page.limit:
                return _page(items, cursor_of(last) if last is not None else None)
            shown = self.views.one(room, entry)
            if not wanted or _is_wanted(shown, wanted):
                items.append(shown)
                last = place
        return _page(items, None)

    async def change(self, sync_id: str, request: ChangeSync, client: Client) -> bytes:
        """Change what can be changed."""
        for _ in range(_TRIES):
            room, entry = await self.find(sync_id, client)
            with as_problems():
                _refuse_what_stays(request, entry.model)
                try:
                    await self._change(room, entry.model, request)
                except KubeError as error:
                    if error.is_not_found:
                        raise missing(sync_id) from error
                    if not error.is_conflict:
                        raise
                    await _moved_on(room, entry)
                else:
                    room, entry = await self.find(sync_id, client)
                    return self.views.one(room, entry)
        raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the sync is written by others all the time; try again")

    async def delete(self, sync_id: str, client: Client) -> None:
        """Cancel what runs, and remove the sync with everything that was made for it. What was moved stays."""
        room, entry = await self.find(sync_id, client)
        obj = entry.model
        with as_problems():
            await self._writer.delete(room, obj)

    async def runs(self, sync_id: str, client: Client) -> list[JsonObject]:
        """The runs of a sync, the youngest first: those that Kubernetes has, and those that were recorded."""
        room, entry = await self.find(sync_id, client)
        living = self.views.run_documents(room, entry)
        if self._history is None:
            return living
        recorded = await self._history.runs_of(sync_id)
        if recorded and isinstance(entry.model, TableSync):
            living = []  # each sync is recorded as it ends; the object knows the last one alone
        known = {each["id"] for each in living}
        found = [*living, *(each for each in recorded if each["id"] not in known)]
        return sorted(found, key=lambda each: (began(each), str(each["id"])), reverse=True)

    async def _home(self) -> tuple[DataMoverAccount, Room]:
        with as_problems():
            home = await self._mirror.home(sync_home)
        if home is None:
            detail = "no DataMoverAccount has a section syncApi, so there is no account to sync in"
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail)
        return home

    async def _change(self, room: Room, obj: DataMover | TableSync, request: ChangeSync) -> None:
        kept, secret = kept_by(obj), f"{obj.metadata.name}-{token_hex(4)}"
        spec = change_of(kept, request, obj, self._defaults(), secret)
        key = signing_key(request.webhook) if request.webhook is not None else {}
        if key:
            await self._writer.create_secret(obj, secret, key)
        kept["updatedAt"] = to_timestamp(datetime.now(UTC))
        patch: JsonObject = {
            "metadata": {
                "resourceVersion": obj.metadata.resource_version,
                "annotations": {CLIENT_ANNOTATION: json.dumps(kept)},
            },
            "spec": spec,
        }
        try:
            if isinstance(obj, TableSync):
                await self._writer.patch_table(room, obj.metadata.name, patch)
            else:
                await self._writer.patch_mover(room, obj.metadata.name, patch)
        except KubeError as error:
            if key and not error.is_doubtful:  # else the sync may name it now
                await self._forget(room, secret)
            raise
        if "notify" in spec and (former := changed_key_of(obj)) is not None:
            await self._forget(room, former)

    async def _forget(self, room: Room, secret: str) -> None:
        """Delete a Secret that is not named any more; what can't be deleted now goes with the sync."""
        try:
            await self._writer.delete_secret(room.namespace, secret)
        except KubeError as error:
            _log.info("a Secret could not be deleted", name=secret, error=str(error))


async def _moved_on(room: Room, entry: Stored) -> None:
    """Wait until the mirror shows what somebody else has written."""
    store = room.tables if isinstance(entry.model, TableSync) else room.movers
    with suppress(TimeoutError):
        await store.until(entry.uid, lambda _: _version(room, entry) != entry.version, _MIRROR_S)


def _version(room: Room, entry: Stored) -> int | None:
    found = room.movers.get(entry.uid) or room.tables.get(entry.uid)
    return found.version if found is not None else None


def _refuse_what_stays(request: ChangeSync, obj: DataMover | TableSync) -> None:
    kept = kept_by(obj)
    for name in _FIXED:
        if name in request.model_fields_set and getattr(request, name) != kept.get(name):
            detail = f"{name} can't be changed: create another sync, and delete this one"
            raise ProblemError(HTTPStatus.CONFLICT, detail, (Fault(name, detail),))
    if request.tables is not None and isinstance(obj, DataMover):
        detail = f"tables can't be changed: only syncs of type {POSTGRESQL} have tables"
        raise ProblemError(HTTPStatus.CONFLICT, detail, (Fault("tables", detail),))


def _is_wanted(shown: bytes, wanted: Mapping[str, str]) -> bool:
    document = json.loads(shown)
    source = document["source"]
    found = {"status": document["status"], "type": source.get("type") if isinstance(source, dict) else None}
    return all(found[name] == value for name, value in wanted.items())


def _page(items: list[bytes], cursor: str | None) -> bytes:
    return b'{"items":[' + b",".join(items) + b'],"nextCursor":' + json.dumps(cursor).encode() + b"}"
