"""What Label Studio's storage API does, on movers and runs; every refusal is a RefusalError in its words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Final

import structlog
from pydantic import JsonValue

from datamover_api.actions.creation import Secrets, create_with_secrets
from datamover_api.actions.patches import replacing
from datamover_api.actions.writer import Writer
from datamover_api.http.answers import RefusalError
from datamover_api.labelstudio.building import (
    SECRET_KEY,
    SecretNames,
    annotations_of,
    has_destination,
    id_of,
    labels_of,
    members_in,
    name_of,
    names_for,
    new_mover,
    secret_values,
    spec_of,
)
from datamover_api.labelstudio.ids import Ids
from datamover_api.labelstudio.members import MEMBERS, changed_members, new_members
from datamover_api.labelstudio.refusals import (
    NO_PROJECT,
    NOT_FOUND,
    NotSynchronizableError,
    in_its_words,
    refused,
)
from datamover_api.labelstudio.storages import hindrance_of
from datamover_api.labelstudio.syncs import active_run, next_run
from datamover_api.labelstudio.views import Views
from datamover_api.mirror.keys import Shelf
from datamover_api.mirror.mirror import Mirror
from datamover_api.mirror.place import Room, StoredMover
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverAccount, DataMoverSpec, JsonObject, TableSync, dump
from datamover_crds.contract import LABEL_STUDIO_ORIGIN, is_true, label_studio_home

_TRIES: Final = 20
_ALL: Final = Shelf(LABEL_STUDIO_ORIGIN, "")
_log = structlog.get_logger(__name__)


class Storages:
    """The storages. All methods raise RefusalError."""

    def __init__(self, mirror: Mirror, writer: Writer, ids: Ids, patience: float) -> None:
        """Read from `mirror`; a new storage waits for the operator's verdict at most `patience` seconds."""
        self._ids = ids
        self._mirror = mirror
        self._writer = writer
        self._patience = patience
        self._views = Views()

    async def of_project(self, project: int) -> bytes:
        """The storages of a project in the order of their ids, as JSON."""
        account, room = await self._home()
        if not has_destination(account, project):
            raise RefusalError(HTTPStatus.NOT_FOUND, NO_PROJECT)
        return await self._views.several(room, room.movers.derived(Shelf(LABEL_STUDIO_ORIGIN, str(project)), _in_order))

    async def get(self, storage_id: int) -> bytes:
        """A storage, as JSON."""
        _, room, entry = await self._found(storage_id)
        return self._views.one(room, entry)

    async def create(self, given: Mapping[str, JsonValue]) -> bytes:
        """Make a storage; one that the operator says AWS refuses is removed again, and refused."""
        account, room = await self._home()
        with in_its_words():
            members = new_members(given)
            keys = {field: value for field, value in secret_values(members).items() if value is not None}
            names = names_for(keys, SecretNames()) if members.get("s3_endpoint") else SecretNames()
            made = await self._make(room, members, spec_of(members, account, names), _secrets(keys, names))
            await self._check(room, made.metadata.uid)
        return self._shown(room, made.metadata.name)

    async def update(self, storage_id: int, given: Mapping[str, JsonValue]) -> JsonObject:
        """Change the members that are given."""
        for _ in range(_TRIES):
            account, room, entry = await self._found(storage_id)
            with in_its_words():
                changes = changed_members(given)
                try:
                    await self._change(room, entry.model, changes, account)
                except KubeError as error:
                    if error.is_not_found:
                        raise RefusalError(HTTPStatus.NOT_FOUND, NOT_FOUND) from error
                    if not error.is_conflict:
                        raise
                    await self._writer.read_mover(room, entry.name)
                else:
                    return self._views.document(room, (await self._found(storage_id))[2])
        raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "The storage is written by others all the time; try again.")

    async def delete(self, storage_id: int) -> None:
        """Delete a storage: its mover, and with that everything that it has in AWS. What was moved stays."""
        _, room, entry = await self._found(storage_id)
        with in_its_words():
            await self._writer.delete_mover(room, entry.model)

    async def validate(self, given: Mapping[str, JsonValue]) -> None:
        """Say whether a storage can be like this; with `id` the members are saved to that one, as there."""
        if (storage_id := given.get("id")) is not None:
            if not isinstance(storage_id, int) or isinstance(storage_id, bool):
                raise refused("A valid integer is required as id.")
            await self.update(storage_id, given)
            _, room, entry = await self._found(storage_id)
            with in_its_words():
                await self._check(room, entry.uid, is_new=False)
            return
        account, _ = await self._home()
        with in_its_words():
            members = new_members(given)
            if not members.get("bucket"):
                raise refused("Error validating storage connection")
            spec_of(members, account, SecretNames())

    async def sync(self, storage_id: int) -> bytes:
        """Start a run unless one is waiting or under way, and show the storage as it is then."""
        _, room, entry = await self._found(storage_id)
        if members_in(entry.model).get("synchronizable") is False:
            raise NotSynchronizableError(storage_id)
        runs = [each.model for each in room.runs.entries(entry.uid)]
        if active_run(runs) is None:
            run = next_run(entry.model, runs)
            with in_its_words():
                try:
                    await self._writer.create_run(room, run)
                except KubeError as error:
                    if not error.is_already_there:  # another replica was first
                        raise
                    await self._writer.read_run(room, run.metadata.name)
        return self._shown(room, entry.name)

    async def _home(self) -> tuple[DataMoverAccount, Room]:
        with in_its_words():
            home = await self._mirror.home(label_studio_home)
        if home is None:
            raise RefusalError(HTTPStatus.NOT_FOUND, NO_PROJECT)
        return home

    async def _found(self, storage_id: int) -> tuple[DataMoverAccount, Room, StoredMover]:
        account, room = await self._home()
        entry = room.movers.named(room.namespace, name_of(storage_id))
        if entry is None or _ALL not in entry.digest.shelves:
            raise RefusalError(HTTPStatus.NOT_FOUND, NOT_FOUND)
        return account, room, entry

    def _shown(self, room: Room, name: str) -> bytes:
        entry = room.movers.named(room.namespace, name)
        if entry is None:
            raise RefusalError(HTTPStatus.NOT_FOUND, NOT_FOUND)
        return self._views.one(room, entry)

    async def _make(self, room: Room, members: JsonObject, spec: DataMoverSpec, keys: Secrets) -> DataMover | TableSync:
        """Create the mover under the next id, with its keys."""
        for _ in range(_TRIES):
            taken = await self._ids.take(room.namespace, above=_highest(room.movers.entries(_ALL)))
            mover = new_mover(taken, members, spec, room.namespace)
            try:
                return await create_with_secrets(self._writer, room, mover, keys)
            except KubeError as error:
                if not error.is_already_there:  # somebody else's mover has the name
                    raise
        raise RefusalError(HTTPStatus.SERVICE_UNAVAILABLE, "Others have the next names already; try again.")

    async def _check(self, room: Room, uid: str, *, is_new: bool = True) -> None:
        """Wait for the operator's verdict on a storage; refuse it in the operator's words, and remove a new one."""
        try:
            judged = await room.movers.until(uid, _is_judged, self._patience)
        except TimeoutError:
            return
        if judged is not None and (problem := hindrance_of(judged)) is not None:
            if is_new:
                await self._writer.delete_mover(room, judged)
            raise refused(problem)

    async def _change(self, room: Room, mover: DataMover, changes: JsonObject, account: DataMoverAccount) -> None:
        members = members_in(mover) | changes
        shown: JsonObject = {name: members.get(name) for name in MEMBERS}
        old, given = SecretNames.of(mover.spec), secret_values(changes)
        names = names_for(given, old) if members.get("s3_endpoint") else SecretNames()
        spec = spec_of(members, account, names)
        fresh = {field: value for field, value in given.items() if value is not None}
        for name, values in _secrets(fresh, names).items():
            await self._writer.create_secret(mover, name, values)
        storage_id = id_of(mover.metadata.name) or 0
        patch: JsonObject = {
            "metadata": {
                "resourceVersion": mover.metadata.resource_version,
                "labels": dict(labels_of(storage_id, shown)),
                "annotations": dict(annotations_of(shown)),
            },
            "spec": replacing(dump(mover.spec), dump(spec)),
        }
        try:
            await self._writer.patch_mover(room, mover.metadata.name, patch)
        except KubeError as error:
            if not error.is_doubtful:  # else the mover may name them now
                await self._forget(room, names, old)
            raise
        await self._forget(room, old, names)

    async def _forget(self, room: Room, names: SecretNames, kept: SecretNames) -> None:
        """Delete Secrets that are not named any more; what can't be deleted now goes with the mover."""
        left = {kept.access_key, kept.secret_key}
        for name in (names.access_key, names.secret_key):
            if name is not None and name not in left:
                try:
                    await self._writer.delete_secret(room.namespace, name)
                except KubeError as error:
                    _log.info("a Secret could not be deleted", name=name, error=str(error))


def _secrets(keys: Mapping[str, str], names: SecretNames) -> Secrets:
    """The Secrets for keys, which are known by their names in a location."""
    named = {"accessKey": names.access_key, "secretKey": names.secret_key}
    return {name: {SECRET_KEY: keys[field]} for field, name in named.items() if name is not None and field in keys}


def _highest(entries: Iterable[StoredMover]) -> int:
    return max((id_of(each.name) or 0 for each in entries), default=0)


def _in_order(entries: Iterable[StoredMover]) -> tuple[str, ...]:
    """The uids in the order of the ids."""
    return tuple(each.uid for each in sorted(entries, key=lambda each: id_of(each.name) or 0))


def _is_judged(mover: DataMover | None) -> bool:
    if mover is None or hindrance_of(mover) is not None:
        return True
    is_current = mover.status.observed_generation == mover.metadata.generation
    return is_current and is_true(mover.status.conditions, "Ready")
