"""Creates objects together with the Secrets that they name.

An object owns its Secrets, so it is created first, with a mark that comes off when they are there. What still has the
mark after a while was left behind by a service that died: the janitor removes it, for its client was told nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from datamover_api.actions.writer import Writer
from datamover_api.mirror.place import Room
from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, JsonObject, TableSync
from datamover_crds.contract import UNFINISHED_ANNOTATION

_LOOKS: Final = 40
_PAUSE_S: Final = 0.05
Secrets = Mapping[str, Mapping[str, str]]
"""The values of Secrets, by the Secrets' names."""


async def create_with_secrets(
    writer: Writer, room: Room, obj: DataMover | TableSync, secrets: Secrets
) -> DataMover | TableSync:
    """Create an object under a name that nobody else takes, and its Secrets; none of it stays if one can't be created.

    Raises KubeError.
    """
    if not secrets:
        return await _created(writer, room, obj)
    made = await _created(writer, room, _marked(obj))
    try:
        for name, values in secrets.items():
            await writer.create_secret(made, name, values)
        unmark: JsonObject = {"metadata": {"uid": made.metadata.uid, "annotations": {UNFINISHED_ANNOTATION: None}}}
        return await _patched(writer, room, made, unmark)
    except KubeError:
        await writer.delete(room, made)
        raise


async def _created(writer: Writer, room: Room, obj: DataMover | TableSync) -> DataMover | TableSync:
    """Create an object; if the answer is lost, what the watch shows under its name soon was made by this request."""
    store = room.tables if isinstance(obj, TableSync) else room.movers
    try:
        if isinstance(obj, TableSync):
            return await writer.create_table(room, obj)
        return await writer.create_mover(room, obj)
    except KubeError as error:
        if not error.is_doubtful:
            raise
        for _ in range(_LOOKS):
            await asyncio.sleep(_PAUSE_S)
            if (entry := store.named(room.namespace, obj.metadata.name)) is not None:
                return entry.model
        raise


async def _patched(writer: Writer, room: Room, made: DataMover | TableSync, patch: JsonObject) -> DataMover | TableSync:
    if isinstance(made, TableSync):
        return await writer.patch_table(room, made.metadata.name, patch)
    return await writer.patch_mover(room, made.metadata.name, patch)


def _marked(obj: DataMover | TableSync) -> DataMover | TableSync:
    annotations = {**obj.metadata.annotations, UNFINISHED_ANNOTATION: "true"}
    return obj.model_copy(update={"metadata": obj.metadata.model_copy(update={"annotations": annotations})})
