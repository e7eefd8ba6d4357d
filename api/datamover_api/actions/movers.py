"""Creates movers, replaces those that never worked, and deletes them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from http import HTTPStatus

from datamover_api.actions.outcomes import AlreadyExistsError, InvalidError
from datamover_api.actions.writer import Writer
from datamover_api.mirror.keys import has_failed, key_of
from datamover_api.mirror.place import Place, Room
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover
from datamover_crds.contract import REQUEST_ANNOTATION

_TRIES = 20


class Movers:
    """Creates and deletes movers; `patience` is how long to wait for a deletion, in seconds."""

    def __init__(self, writer: Writer, patience: float) -> None:
        """Write through `writer`."""
        self._writer = writer
        self._patience = patience

    async def create(self, place: Place, mover: DataMover, other_names: Sequence[str]) -> DataMover:
        """Create a mover under its object name, or under another one if that is taken.

        One of the same group and name that is being deleted is waited for; one that has failed is replaced.

        Raises:
            AlreadyExistsError: there is one already.
            InvalidError: the API server does not accept it.
            KubeError: the API server did not do it.
        """
        key = key_of(mover)
        deadline = asyncio.get_running_loop().time() + self._patience
        names = [mover.metadata.name, *other_names]
        for _ in range(_TRIES):
            rivals = place.keyed(key)
            if rivals:
                await self._clear(place, rivals[0].model, deadline)
                continue
            try:
                return await self._create(place.room, _prepared(mover, names[0]))
            except KubeError as error:
                if not error.is_already_there:
                    raise _translated(error) from error
            holder = await self._writer.read_mover(place.room, names[0])
            is_stranger = holder is not None and holder.metadata.uid not in {each.uid for each in place.keyed(key)}
            if is_stranger and len(names) > 1:
                names.pop(0)
        raise AlreadyExistsError("others create and delete movers of this name all the time")

    async def _create(self, room: Room, mover: DataMover) -> DataMover:
        """Create a mover; if the answer was lost, one that exists now counts as created."""
        try:
            return await self._writer.create_mover(room, mover)
        except KubeError as error:
            made = await self._writer.read_mover(room, mover.metadata.name) if error.is_doubtful else None
            if made is None or _request_of(made) != _request_of(mover):
                raise
            return made

    async def delete(self, place: Place, mover: DataMover) -> None:
        """Request a mover's deletion, and wait for a while until it is gone. Raises KubeError."""
        await self._writer.delete_mover(place.room, mover)
        try:
            await place.room.movers.until(mover.metadata.uid, _is_gone, self._patience)
        except TimeoutError:
            return

    async def _clear(self, place: Place, rival: DataMover, deadline: float) -> None:
        """Make room for a new mover of the same name, or say why not."""
        if rival.metadata.deletion_timestamp is None:
            if not has_failed(rival):
                raise AlreadyExistsError("a mover of this name exists")
            try:
                await self._writer.delete_mover(place.room, rival, only_as_seen=True)
            except KubeError as error:
                if not error.is_conflict:
                    raise
                await self._writer.read_mover(place.room, rival.metadata.name)
                return
        try:
            left = deadline - asyncio.get_running_loop().time()
            await place.room.movers.until(rival.metadata.uid, _is_gone, left)
        except TimeoutError:
            raise AlreadyExistsError("a mover of this name is still being deleted") from None


def _is_gone(mover: DataMover | None) -> bool:
    return mover is None


def _prepared(mover: DataMover, name: str) -> DataMover:
    """The mover, under this name and with a nonce."""
    annotations = {**mover.metadata.annotations, REQUEST_ANNOTATION: secrets.token_hex(8)}
    changed = {"name": name, "annotations": annotations}
    return mover.model_copy(update={"metadata": mover.metadata.model_copy(update=changed)})


def _request_of(mover: DataMover) -> str | None:
    return mover.metadata.annotations.get(REQUEST_ANNOTATION)


def _translated(error: KubeError) -> Exception:
    if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}:
        return InvalidError(error.message)
    return error
