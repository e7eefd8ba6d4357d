"""Creations whose answer is lost: what carries a name that nobody else takes was made by that very request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

from datamover_common.kube.entry import D, M
from datamover_common.kube.errors import KubeError
from datamover_common.kube.store import Store

_LOOKS: Final = 40
_PAUSE_S: Final = 0.05


async def created(creation: Awaitable[M], store: Store[M, D], namespace: str, name: str) -> M:
    """What `creation` makes; if its answer is lost, what the watch shows under that name soon. Raises KubeError."""
    try:
        return await creation
    except KubeError as error:
        if not error.is_doubtful:
            raise
        for _ in range(_LOOKS):
            await asyncio.sleep(_PAUSE_S)
            if (entry := store.named(namespace, name)) is not None:
                return entry.model
        raise
