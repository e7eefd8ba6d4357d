"""What is remembered and no longer exists is let go when a watch begins anew."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest

from datamover_common.kube.client import KubeClient, Page
from datamover_common.kube.errors import KubeError
from datamover_common.kube.resources import Collection
from datamover_crds import JsonObject
from datamover_operator.controller.context import Caches, Key
from datamover_operator.controller.resync import Resync
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.movers.kind import MOVER
from tests.support.waiting import eventually_async
from tests.unit.controller.filters import event_filter_of
from tests.unit.controller.test_event_filter import mover


class Lists:
    """An API server that lists what is given; None: the kind is not served."""

    def __init__(self, *items: JsonObject) -> None:
        self.items: list[JsonObject] | None = list(items)

    async def page(self, _collection: Collection, _limit: int, _more: str = "") -> Page:
        if self.items is None:
            raise KubeError(404, "NotFound", "the server could not find the requested resource")
        return Page(list(self.items), "1", "")


class Room:
    def __init__(self, *items: JsonObject) -> None:
        self.caches = Caches(KINDS)
        self.queue: WorkQueue[Key] = WorkQueue()
        self.lists = Lists(*items)
        event_filter = event_filter_of(self.caches, self.queue)
        self.resync = Resync(cast("KubeClient", self.lists), event_filter, KINDS, ("n",))


async def test_what_vanished_unseen_is_let_go_and_looked_at() -> None:
    room = Room(mover("1"))
    await room.resync.run(MOVER)
    assert (await room.queue.take())[0] == (MOVER, "u")
    room.queue.done((MOVER, "u"))
    task = asyncio.create_task(room.resync.run_forever())
    room.lists.items = []
    room.resync.request(MOVER.collection("n").path)
    await eventually_async(lambda: asyncio.sleep(0, room.caches[MOVER].get("u") is None))
    assert (await room.queue.take())[0] == (MOVER, "u")
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_change_that_no_event_told_is_news() -> None:
    room = Room(mover("2", generation=2))
    event_filter_of(room.caches, WorkQueue()).seen(MOVER, None, mover("1"))
    await room.resync.run(MOVER)
    assert (await room.queue.take())[0] == (MOVER, "u")


async def test_nothing_is_let_go_while_the_kind_is_not_served() -> None:
    room = Room(mover("1"))
    await room.resync.run(MOVER)
    room.lists.items = None
    with pytest.raises(KubeError):
        await room.resync.run(MOVER)
    await room.resync.run_all()
    assert room.caches[MOVER].get("u") is not None
