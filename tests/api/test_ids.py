"""The ids of storages: each once, and for many who wait no more requests than for one."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from datamover_api.labelstudio.ids import Ids
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.resources import Collection, ObjectRef
from datamover_crds import JsonObject


class Kube:
    """One ConfigMap, by compare-and-swap; each request lets others have their turn."""

    def __init__(self) -> None:
        self.kept: JsonObject | None = None
        self.version = 0
        self.writes = 0

    async def get(self, ref: ObjectRef) -> JsonObject:
        await asyncio.sleep(0)
        if self.kept is None:
            raise KubeError(404, "NotFound", str(ref))
        return dict(self.kept)

    async def create(self, collection: Collection, body: JsonObject) -> JsonObject:
        await asyncio.sleep(0)
        if self.kept is not None:
            raise KubeError(409, "AlreadyExists", str(collection))
        return self._write(body)

    async def patch(self, ref: ObjectRef, body: Any) -> JsonObject:  # noqa: ANN401 - JSON
        await asyncio.sleep(0)
        if body["metadata"]["resourceVersion"] != str(self.version):
            raise KubeError(409, "Conflict", str(ref))
        return self._write(body)

    def _write(self, body: JsonObject) -> JsonObject:
        self.writes += 1
        self.version += 1
        self.kept = {"metadata": {"resourceVersion": str(self.version)}, "data": body["data"]}
        return self.kept


def ids_of(kube: Kube) -> Ids:
    return Ids(cast("KubeClient", kube))


async def test_many_at_once_on_several_replicas_get_one_each_with_few_writes() -> None:
    kube = Kube()
    replicas = [ids_of(kube) for _ in range(3)]
    given = await asyncio.gather(*(replicas[number % 3].take("n", 0) for number in range(300)))
    assert sorted(given) == list(range(1, 301)), "each once, and none is left out"
    assert kube.writes <= 6


async def test_one_after_the_other_they_count_up_from_what_is_in_use() -> None:
    kube = Kube()
    ids = ids_of(kube)
    assert [await ids.take("n", 0), await ids.take("n", 0), await ids.take("n", 10)] == [1, 2, 11]
    assert await ids_of(kube).take("n", 0) == 12


async def test_what_a_client_gave_up_goes_to_the_next_unless_it_is_in_use_by_now() -> None:
    ids = ids_of(Kube())
    waiting = [asyncio.create_task(ids.take("n", 0)) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[2].cancel()
    assert await asyncio.gather(*waiting[:2]) == [1, 2]
    assert await ids.take("n", 3) == 4
