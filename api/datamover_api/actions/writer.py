"""Our writes: sent to the API server, and at once in the mirror, so that whoever wrote sees it in the next read."""

from __future__ import annotations

from datamover_api.actions.outcomes import UnknownOutcomeError
from datamover_api.kube import resources
from datamover_api.kube.client import KubeClient, KubeError
from datamover_api.kube.store import M, Store
from datamover_api.mirror.place import Room
from datamover_crds import DataMover, DataMoverRun, JsonObject, dump


class Writer:
    """Creates, patches, reads and deletes custom resources. All methods raise KubeError."""

    def __init__(self, client: KubeClient) -> None:
        """Send through `client`."""
        self._client = client

    async def create_mover(self, room: Room, mover: DataMover) -> DataMover:
        """Create a mover."""
        raw = await self._client.create(resources.movers(room.namespace), _body(mover))
        return _stored(room.movers.put(raw))

    async def read_mover(self, room: Room, name: str) -> DataMover | None:
        """Read the mover of this name as it is now; None where there is none."""
        return await self._read(room.movers, f"{resources.movers(room.namespace)}/{name}")

    async def delete_mover(self, room: Room, mover: DataMover, *, only_as_seen: bool = False) -> None:
        """Ask for a mover's deletion; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        await self._delete(room.movers, resources.movers(room.namespace), mover, only_as_seen=only_as_seen)

    async def create_run(self, room: Room, run: DataMoverRun) -> DataMoverRun:
        """Create a run."""
        raw = await self._client.create(resources.runs(room.namespace), _body(run))
        return _stored(room.runs.put(raw))

    async def read_run(self, room: Room, name: str) -> DataMoverRun | None:
        """Read a run as it is now; None where there is none."""
        return await self._read(room.runs, f"{resources.runs(room.namespace)}/{name}")

    async def cancel_run(self, room: Room, run: DataMoverRun) -> None:
        """Ask for the end of a run."""
        path = f"{resources.runs(room.namespace)}/{run.metadata.name}"
        room.runs.put(await self._client.patch(path, {"spec": {"cancel": True}}))

    async def delete_run(self, room: Room, run: DataMoverRun, *, only_as_seen: bool = False) -> None:
        """Ask for a run's deletion; with `only_as_seen`, unless it has changed. Gone already is no failure."""
        await self._delete(room.runs, resources.runs(room.namespace), run, only_as_seen=only_as_seen)

    async def _read(self, store: Store[M], path: str) -> M | None:
        try:
            return store.put(await self._client.get(path))
        except KubeError as error:
            if error.is_not_found:
                return None
            raise

    async def _delete(self, store: Store[M], collection: str, obj: M, *, only_as_seen: bool) -> None:
        meta = obj.metadata
        version = meta.resource_version if only_as_seen else None
        try:
            answer = await self._client.delete(f"{collection}/{meta.name}", uid=meta.uid, version=version)
        except KubeError as error:
            if not (error.is_not_found or (error.is_conflict and not only_as_seen)):
                raise
            store.drop(meta.uid)
            return
        if answer.get("kind") == obj.kind:
            store.put(answer)
        else:
            store.drop(meta.uid)


def _body(obj: DataMover | DataMoverRun) -> JsonObject:
    """What is sent for a new object: its status is the operator's to write."""
    body = dump(obj)
    body.pop("status", None)
    metadata = body["metadata"]
    if isinstance(metadata, dict):
        body["metadata"] = {name: value for name, value in metadata.items() if value not in ("", 0, {})}
    return body


def _stored(obj: M | None) -> M:
    if obj is None:
        raise UnknownOutcomeError(
            "what the API server has stored can't be read back: the CRDs are newer than the service"
        )
    return obj
