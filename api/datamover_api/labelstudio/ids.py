"""The ids of storages: each is given once, whichever replica gives it, also after its storage is gone."""

from __future__ import annotations

import asyncio
import re
from collections import Counter, deque
from typing import Final

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of, part_of
from datamover_common.kube.resources import ObjectRef, ResourceType
from datamover_crds import JsonObject

_CONFIG_MAPS: Final = ResourceType("v1", "ConfigMap", "configmaps")
_NAME: Final = "datamover-label-studio"
_HIGHEST: Final = "highestId"
_NUMBER: Final = re.compile("[0-9]{1,15}")
_TRIES: Final = 50


class Ids:
    """Counts in a ConfigMap of the storages' namespace, by compare-and-swap; those who wait are served together."""

    def __init__(self, client: KubeClient) -> None:
        """Send through `client`."""
        self._client = client
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()
        self._taken: dict[str, deque[int]] = {}

    async def take(self, namespace: str, above: int) -> int:
        """Take the next id; it is higher than `above`, the highest that is known to be in use. Raises KubeError."""
        self._waiting[namespace] += 1
        try:
            async with self._turn:
                taken = self._taken.setdefault(namespace, deque())
                while taken and taken[0] <= above:
                    taken.popleft()
                if not taken:
                    taken.extend(await self._next(namespace, above))
                return taken.popleft()
        finally:
            self._waiting[namespace] -= 1

    async def _next(self, namespace: str, above: int) -> range:
        """Take an id for each who waits."""
        for _ in range(_TRIES - 1):
            try:
                return await self._count(namespace, above)
            except KubeError as error:
                if not (error.is_conflict or error.is_already_there):
                    raise
        return await self._count(namespace, above)

    async def _count(self, namespace: str, above: int) -> range:
        collection = _CONFIG_MAPS.within(namespace)
        kept = await self._kept(collection.named(_NAME))
        known = max(above, _number_in(kept or {}))
        highest = known + self._waiting[namespace]
        body: JsonObject = {"metadata": {"name": _NAME}, "data": {_HIGHEST: str(highest)}}
        if kept is None:
            what: JsonObject = {"apiVersion": _CONFIG_MAPS.api_version, "kind": _CONFIG_MAPS.kind}
            await self._client.create(collection, what | body)
        else:
            body["metadata"] = {"resourceVersion": metadata_of(kept)["resourceVersion"]}
            await self._client.patch(collection.named(_NAME), body)
        return range(known + 1, highest + 1)

    async def _kept(self, ref: ObjectRef) -> JsonObject | None:
        try:
            return await self._client.get(ref)
        except KubeError as error:
            if error.is_not_found:
                return None
            raise


def _number_in(kept: JsonObject) -> int:
    """The highest id that was ever given; 0 where somebody has written anything else there."""
    text = part_of(kept, "data").get(_HIGHEST)
    return int(text) if isinstance(text, str) and _NUMBER.fullmatch(text) else 0
