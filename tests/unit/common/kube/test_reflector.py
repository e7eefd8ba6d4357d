"""Reflecting a collection from an API server that says what a real one says only on bad days."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from datamover_common.kube import listing, reflector
from datamover_common.kube.client import KubeClient
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.reflector import Reflector
from datamover_common.kube.resources import ours
from datamover_common.kube.store import Store
from datamover_crds import DataMover, dump
from tests.api.samples import mover
from tests.support.waiting import eventually_async

COLLECTION = ours(DataMover).within("rest")
Movers = Store[DataMover, None]
Json = dict[str, Any]


class Script:
    """An API server that answers lists and watches as told."""

    def __init__(self) -> None:
        self.objects: list[DataMover] = []
        self.version = 1
        self.lists: list[str] = []
        self.watched_from: list[str] = []
        self.refusals: list[tuple[int, str]] = []
        self.broken = False
        self.events: asyncio.Queue[Json | None] = asyncio.Queue()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        if self.refusals:
            status, reason = self.refusals.pop(0)
            return web.json_response({"kind": "Status", "reason": reason, "message": reason}, status=status)
        if request.query.get("watch") == "true":
            return await self._watch(request)
        at = int(request.query.get("continue", "0"))
        self.lists.append(request.query.get("continue", ""))
        limit = int(request.query["limit"])
        page = [dump(each) for each in self.objects[at : at + limit]]
        more = str(at + limit) if len(self.objects) > at + limit else ""
        metadata = {"resourceVersion": str(self.version), "continue": more}
        return web.json_response({"kind": "DataMoverList", "items": page, "metadata": metadata})

    async def _watch(self, request: web.Request) -> web.StreamResponse:
        self.watched_from.append(request.query["resourceVersion"])
        response = web.StreamResponse()
        await response.prepare(request)
        while (event := await self.events.get()) is not None:
            await response.write((b"{" if self.broken else json.dumps(event).encode()) + b"\n")
        return response

    def tell(self, kind: str, obj: DataMover) -> None:
        self.events.put_nowait({"type": kind, "object": dump(obj)})

    def bookmark(self, version: int) -> None:
        self.events.put_nowait({"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}})


def numbered(number: int, version: int) -> DataMover:
    return mover(f"m{number}", uid=f"u{number}", version=version)


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
async def store(script: Script, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Movers]:
    """A store that reflects the script."""
    monkeypatch.setattr(reflector, "_REFUSED_DELAY_S", 0.05)
    monkeypatch.setattr(listing, "_LIMIT", 100)
    app = web.Application()
    app.router.add_get(COLLECTION.path, script.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = KubeClient(Configuration(host=f"http://127.0.0.1:{runner.addresses[0][1]}"), 5)
    store: Movers = Store(DataMover, lambda _: None, lambda _: ())
    one = Reflector(client, COLLECTION, store, lambda: None)
    task = asyncio.create_task(one.reflect())
    yield store
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    script.events.put_nowait(None)
    await client.close()
    await runner.cleanup()


async def until(store: Movers, *names: str) -> None:
    async def holds() -> bool:
        return sorted(each.name for each in store) == sorted(names)

    await eventually_async(holds, timeout=10)


async def until_watching(script: Script, *versions: str) -> None:
    async def holds() -> bool:
        return script.watched_from == list(versions)

    await eventually_async(holds, timeout=10)


async def until_lists(script: Script, number: int) -> None:
    async def holds() -> bool:
        return len(script.lists) == number == len(script.watched_from)

    await eventually_async(holds, timeout=30)


async def test_a_watch_that_ends_goes_on_from_the_last_version_without_a_list(script: Script, store: Movers) -> None:
    script.tell("ADDED", numbered(1, 5))
    await until(store, "m1")
    script.bookmark(9)
    script.events.put_nowait(None)
    await until_watching(script, "1", "9")
    assert script.lists == [""]


async def test_a_watch_that_is_too_old_is_followed_by_a_new_list(script: Script, store: Movers) -> None:
    script.tell("ADDED", numbered(1, 5))
    await until(store, "m1")
    script.objects, script.version = [numbered(2, 20)], 21
    script.events.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})
    await until(store, "m2")
    await until_watching(script, "1", "21")


async def test_a_refused_watch_and_a_line_that_is_no_json_are_followed_by_a_new_list(
    script: Script, store: Movers
) -> None:
    await until_watching(script, "1")
    script.objects, script.version = [numbered(3, 30)], 31
    script.refusals.append((410, "Gone"))
    script.events.put_nowait(None)
    await until(store, "m3")
    assert script.refusals == []
    await until_watching(script, "1", "31")
    script.objects, script.version = [numbered(4, 40)], 41
    script.broken = True
    script.bookmark(35)
    await until(store, "m4")


async def test_what_is_no_object_of_the_collection_is_not_taken_in_and_the_list_is_read_anew(
    script: Script, store: Movers
) -> None:
    stranger = dump(numbered(7, 70))
    stranger["metadata"] = {**metadata_of(stranger), "namespace": "elsewhere"}
    nameless = dump(numbered(8, 80))
    nameless["metadata"] = {**metadata_of(nameless), "uid": ""}
    bad: list[object] = [[], None, "m", {}, stranger, nameless, dump(numbered(9, 90)) | {"kind": "DataMoverRun"}]
    for number, each in enumerate(bad, 1):
        await until_lists(script, number)
        script.events.put_nowait({"type": "ADDED", "object": each})
        script.events.put_nowait(None)
    await until_lists(script, len(bad) + 1)
    assert len(store) == 0


async def test_a_long_list_comes_in_pages(script: Script, store: Movers) -> None:
    await until_watching(script, "1")
    script.objects = [numbered(number, 2) for number in range(250)]
    script.version = 40
    script.events.put_nowait({"type": "ERROR", "object": {"code": 410, "reason": "Expired"}})
    await until(store, *(f"m{number}" for number in range(250)))
    assert script.lists == ["", "", "100", "200"]


async def test_a_collection_that_may_not_be_read_is_tried_again(script: Script, store: Movers) -> None:
    await until_watching(script, "1")
    script.refusals += [(403, "Forbidden")] * 3
    script.objects, script.version = [numbered(4, 50)], 51
    script.events.put_nowait({"type": "ERROR", "object": {"code": 500, "reason": "Oops"}})
    await until(store, "m4")
    assert script.refusals == []
