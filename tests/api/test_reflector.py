"""Reflecting a collection from an API server that says what a real one says only on bad days."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from kubernetes.aio.client import ApiClient, Configuration

from datamover_api.kube import reflector
from datamover_api.kube.client import KubeClient
from datamover_api.kube.reflector import Reflector
from datamover_api.kube.store import Store
from datamover_api.mirror.keys import mover_index
from datamover_crds import DataMover, dump
from tests.api.samples import mover
from tests.support.waiting import eventually_async

PATH = "/apis/datamover.io/v1alpha1/namespaces/rest/datamovers"
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
        return web.json_response({"items": page, "metadata": {"resourceVersion": str(self.version), "continue": more}})

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
async def store(script: Script, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Store[DataMover]]:
    """A store that reflects the script."""
    monkeypatch.setattr(reflector, "_REFUSED_DELAY_S", 0.05)
    app = web.Application()
    app.router.add_get(PATH, script.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    api = ApiClient(configuration=Configuration(host=f"http://127.0.0.1:{runner.addresses[0][1]}"))
    store: Store[DataMover] = Store(DataMover, mover_index)
    one = Reflector(KubeClient(api, 5), PATH, store, lambda: None)
    task = asyncio.create_task(one.reflect())
    yield store
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    script.events.put_nowait(None)
    await api.close()  # type: ignore[no-untyped-call]
    await runner.cleanup()


async def until(store: Store[DataMover], *names: str) -> None:
    async def holds() -> bool:
        return sorted(each.metadata.name for each in store.all()) == sorted(names)

    await eventually_async(holds, timeout=10)


async def until_watching(script: Script, *versions: str) -> None:
    async def holds() -> bool:
        return script.watched_from == list(versions)

    await eventually_async(holds, timeout=10)


async def test_a_watch_that_ends_goes_on_from_the_last_version_without_a_list(
    script: Script, store: Store[DataMover]
) -> None:
    script.tell("ADDED", numbered(1, 5))
    await until(store, "m1")
    script.bookmark(9)
    script.events.put_nowait(None)
    await until_watching(script, "1", "9")
    assert script.lists == [""]


async def test_a_watch_that_is_too_old_is_followed_by_a_new_list(script: Script, store: Store[DataMover]) -> None:
    script.tell("ADDED", numbered(1, 5))
    await until(store, "m1")
    script.objects, script.version = [numbered(2, 20)], 21
    script.events.put_nowait({"type": "ERROR", "object": {"kind": "Status", "code": 410, "reason": "Expired"}})
    await until(store, "m2")
    await until_watching(script, "1", "21")


async def test_a_refused_watch_and_a_line_that_is_no_json_are_followed_by_a_new_list(
    script: Script, store: Store[DataMover]
) -> None:
    await until_watching(script, "1")
    script.objects, script.version = [numbered(3, 30)], 31
    script.events.put_nowait({"type": "ADDED", "object": []})  # passed over
    script.refusals.append((410, "Gone"))
    script.events.put_nowait(None)
    await until(store, "m3")
    assert script.refusals == []
    await until_watching(script, "1", "31")
    script.objects, script.version = [numbered(4, 40)], 41
    script.broken = True
    script.bookmark(35)
    await until(store, "m4")


async def test_a_long_list_comes_in_pages(script: Script, store: Store[DataMover]) -> None:
    await until_watching(script, "1")
    script.objects = [numbered(number, 2) for number in range(250)]
    script.version = 40
    script.events.put_nowait({"type": "ERROR", "object": {"code": 410, "reason": "Expired"}})
    await until(store, *(f"m{number}" for number in range(250)))
    assert script.lists == ["", "", "100", "200"]


async def test_a_collection_that_may_not_be_read_is_tried_again(script: Script, store: Store[DataMover]) -> None:
    await until_watching(script, "1")
    script.refusals += [(403, "Forbidden")] * 3
    script.objects, script.version = [numbered(4, 50)], 51
    script.events.put_nowait({"type": "ERROR", "object": {"code": 500, "reason": "Oops"}})
    await until(store, "m4")
    assert script.refusals == []
