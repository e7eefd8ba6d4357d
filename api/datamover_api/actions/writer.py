"""Our writes: sent to the API server, and put into the mirror at once, so that the next read shows them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from datamover_api.mirror.place import MOVERS, RUNS, TABLES, Room
from datamover_common.kube.client import KubeClient
from datamover_common.kube.entry import D, M
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import uid_of
from datamover_common.kube.resources import Collection, ObjectRef, ResourceType
from datamover_common.kube.store import Store
from datamover_crds import DataMover, DataMoverRun, JsonObject, ObjectMeta, Resource, TableSync, dump

SECRETS: Final = ResourceType("v1", "Secret", "secrets")


class Writer:
    """Creates, patches, reads and deletes custom resources, and creates and deletes Secrets for them.

    All methods raise KubeError.
    """

    def __init__(self, client: KubeClient) -> None:
        """Send through `client`."""
        self._client = client

    async def create_mover(self, room: Room, mover: DataMover) -> DataMover:
        """Create a mover."""
        raw = await self._client.create(MOVERS.within(room.namespace), _body(mover))
        return room.movers.put(raw).model

    async def read_mover(self, room: Room, name: str) -> DataMover | None:
        """Read the mover of this name as it is now; None where there is none."""
        return await self._read(room.movers, MOVERS.within(room.namespace).named(name))

    async def patch_mover(self, room: Room, name: str, patch: JsonObject) -> DataMover:
        """Patch the mover of this name by a merge patch."""
        return room.movers.put(await self._client.patch(MOVERS.within(room.namespace).named(name), patch)).model

    async def create_table(self, room: Room, table: TableSync) -> TableSync:
        """Create a table sync."""
        return room.tables.put(await self._client.create(TABLES.within(room.namespace), _body(table))).model

    async def patch_table(self, room: Room, name: str, patch: JsonObject) -> TableSync:
        """Patch the table sync of this name by a merge patch."""
        return room.tables.put(await self._client.patch(TABLES.within(room.namespace).named(name), patch)).model

    async def delete_table(self, room: Room, table: TableSync, *, only_as_seen: bool = False) -> None:
        """Request a table sync's deletion; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        await self._delete(room.tables, TABLES.within(room.namespace), table.metadata, only_as_seen=only_as_seen)

    async def delete(self, room: Room, obj: DataMover | TableSync, *, only_as_seen: bool = False) -> None:
        """Request the deletion of either; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        if isinstance(obj, TableSync):
            await self.delete_table(room, obj, only_as_seen=only_as_seen)
        else:
            await self.delete_mover(room, obj, only_as_seen=only_as_seen)

    async def create_secret(self, owner: DataMover | TableSync, name: str, values: Mapping[str, str]) -> None:
        """Create a Secret in its owner's namespace, which goes with the owner. It is never read back."""
        meta = owner.metadata
        reference: JsonObject = {
            "apiVersion": owner.api_version,
            "kind": owner.kind,
            "name": meta.name,
            "uid": meta.uid,
        }
        body: JsonObject = {
            "apiVersion": SECRETS.api_version,
            "kind": SECRETS.kind,
            "metadata": {"name": name, "namespace": meta.namespace, "ownerReferences": [reference]},
            "stringData": dict(values),
        }
        await self._client.create(SECRETS.within(meta.namespace), body)

    async def delete_secret(self, namespace: str, name: str) -> None:
        """Delete a Secret. Gone already is no failure."""
        try:
            await self._client.delete(SECRETS.within(namespace).named(name))
        except KubeError as error:
            if not error.is_not_found:
                raise

    async def delete_mover(self, room: Room, mover: DataMover, *, only_as_seen: bool = False) -> None:
        """Request a mover's deletion; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        await self._delete(room.movers, MOVERS.within(room.namespace), mover.metadata, only_as_seen=only_as_seen)

    async def create_run(self, room: Room, run: DataMoverRun) -> DataMoverRun:
        """Create a run."""
        raw = await self._client.create(RUNS.within(room.namespace), _body(run))
        return room.runs.put(raw).model

    async def read_run(self, room: Room, name: str) -> DataMoverRun | None:
        """Read a run as it is now; None where there is none."""
        return await self._read(room.runs, RUNS.within(room.namespace).named(name))

    async def cancel_run(self, room: Room, run: DataMoverRun) -> None:
        """Request a run's cancellation."""
        ref = RUNS.within(room.namespace).named(run.metadata.name)
        room.runs.put(await self._client.patch(ref, {"spec": {"cancel": True}}))

    async def delete_run(self, room: Room, run: DataMoverRun, *, only_as_seen: bool = False) -> None:
        """Request a run's deletion; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        await self._delete(room.runs, RUNS.within(room.namespace), run.metadata, only_as_seen=only_as_seen)

    async def _read(self, store: Store[M, D], ref: ObjectRef) -> M | None:
        try:
            raw = await self._client.get(ref)
        except KubeError as error:
            if error.is_not_found:
                return None
            raise
        store.put(raw)
        return store.model(uid_of(raw))

    async def _delete(
        self, store: Store[M, D], collection: Collection, meta: ObjectMeta, *, only_as_seen: bool
    ) -> None:
        version = meta.resource_version if only_as_seen else ""
        try:
            left = await self._client.delete(collection.named(meta.name), uid=meta.uid, version=version)
        except KubeError as error:
            if not (error.is_not_found or (error.is_conflict and not only_as_seen)):
                raise
            left = None
        if left is None:
            store.drop(meta.uid)
        else:
            store.put(left)


def _body(obj: Resource) -> JsonObject:
    """What is sent for a new object: only the operator writes its status."""
    body = dump(obj)
    body.pop("status", None)
    metadata = body["metadata"]
    if isinstance(metadata, dict):
        body["metadata"] = {name: value for name, value in metadata.items() if value not in ("", 0, {})}
    return body
