"""What is remembered and no longer exists is let go when a watch begins anew."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import cast

import pytest

from datamover_crds import JsonObject
from datamover_operator.controller.context import Caches, Desk, Key
from datamover_operator.controller.event_filter import Intake
from datamover_operator.controller.resync import Stock
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.resources import Kind
from datamover_operator.process.metrics import Metrics
from tests.support.waiting import eventually_async
from tests.unit.controller.test_intake import mover


class Lists:
    """An API server that lists what is given; None: the kind is not served."""

    def __init__(self, *items: JsonObject) -> None:
        self.items: list[JsonObject] | None = list(items)

    async def get(self, _path: str, _query: Mapping[str, str] | None = None) -> JsonObject:
        if self.items is None:
            raise KubeError(404, "NotFound", "the server could not find the requested resource")
        return {"items": list(self.items), "metadata": {}}


class Room:
    def __init__(self, *items: JsonObject) -> None:
        self.caches = Caches.empty()
        self.queue: WorkQueue[Key] = WorkQueue()
        self.lists = Lists(*items)
        intake = Intake(self.caches, self.queue, Metrics())
        self.stock = Stock(cast("KubeClient", self.lists), intake, ("n",))


async def test_what_vanished_unseen_is_let_go_and_looked_at() -> None:
    room = Room(mover("1"))
    await room.stock.take(Kind.MOVER)
    assert await room.queue.take() == (Desk.MOVER, "u")
    room.queue.done((Desk.MOVER, "u"))
    task = asyncio.create_task(room.stock.take_forever())
    room.lists.items = []
    room.stock.want(Kind.MOVER.value.collection("n"))
    await eventually_async(lambda: asyncio.sleep(0, room.caches.movers.get("u") is None))
    assert await room.queue.take() == (Desk.MOVER, "u")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_change_that_no_event_told_is_news() -> None:
    room = Room(mover("2", generation=2))
    Intake(room.caches, WorkQueue(), Metrics()).seen(Kind.MOVER, None, mover("1"))
    await room.stock.take(Kind.MOVER)
    assert await room.queue.take() == (Desk.MOVER, "u")


async def test_nothing_is_let_go_while_the_kind_is_not_served() -> None:
    room = Room(mover("1"))
    await room.stock.take(Kind.MOVER)
    room.lists.items = None
    with pytest.raises(KubeError):
        await room.stock.take(Kind.MOVER)
    await room.stock.take_all()
    assert room.caches.movers.get("u") is not None
