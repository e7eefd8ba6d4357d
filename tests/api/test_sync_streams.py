"""A sync's status as server-sent events, and what is taken up while the service runs: keys and configuration."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from datamover_api.auth.keys import KeyRing, NamedKey, Standing, named_key
from datamover_api.sync import configuration
from datamover_api.sync.configuration import Configuration, LiveConfiguration
from datamover_api.sync.problems import ProblemError
from datamover_api.sync.streams import Look, Streams
from datamover_crds import JsonObject


def stream(look: Look, known: str = "", stands: Callable[[], bool] = lambda: True) -> AsyncIterator[str]:
    return Streams(asyncio.Event()).open("a", look, stands, known).body_iterator  # type: ignore[return-value]


def test_each_change_is_told_once_and_not_what_the_client_has_already() -> None:
    async def check() -> None:
        seen: list[tuple[str, JsonObject] | None] = [
            ("1", {"status": "running"}),
            ("1", {"status": "running"}),
            ("2", {"status": "running"}),
            ("3", {"status": "completed"}),
            None,
        ]
        told = [each async for each in stream(lambda: seen.pop(0), known="1")]
        assert told == [
            "retry: 2000\n\n",
            'id: 2\nevent: status\ndata: {"status":"running"}\n\n',
            'id: 3\nevent: status\ndata: {"status":"completed"}\n\n',
            "event: deleted\ndata: {}\n\n",
        ]

    asyncio.run(check())


def test_a_stream_ends_with_its_key() -> None:
    keys: list[tuple[NamedKey, ...]] = [(named_key("a", b"first"), named_key("a", b"second"))]
    ring = KeyRing(lambda: keys[0])
    first, second = Standing(ring, "a", b"first"), Standing(ring, "a", b"second")

    async def check() -> None:
        events = stream(lambda: ("1", {}), stands=first)
        assert [await anext(events), await anext(events)][1].startswith("id: 1\n")
        ring.keys = (named_key("b", b"first"), named_key("a", b"second"))
        assert [each async for each in events] == []
        assert second()

    asyncio.run(check())


def test_a_key_has_so_many_streams_at_once() -> None:
    async def check() -> None:
        streams = Streams(asyncio.Event())

        def opened() -> AsyncIterator[str]:
            return streams.open("a", lambda: ("1", {}), lambda: True, "").body_iterator  # type: ignore[return-value]

        many = [opened() for _ in range(100)]
        for each in many:
            await anext(each)
        with pytest.raises(ProblemError, match="close one first") as refused:
            opened()
        assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "10"})
        await many[0].aclose()  # type: ignore[attr-defined]
        await anext(opened())

    asyncio.run(check())


def test_a_mounted_file_that_is_swapped_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configuration, "_LOOK_INTERVAL_S", 0.01)
    for name, interval in (("old", "20s"), ("new", "40s")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "datasync.yaml").write_text(f"sync: {{interval: {interval}}}\n")
    (tmp_path / "..data").symlink_to("old")
    (tmp_path / "datasync.yaml").symlink_to("..data/datasync.yaml")

    async def check() -> None:
        taken: asyncio.Queue[Configuration] = asyncio.Queue()
        live = LiveConfiguration(tmp_path / "datasync.yaml", {"MAX_RETRIES": "7"}, taken.put_nowait)
        assert (await taken.get()).sync.interval == "20s"
        work = asyncio.create_task(live.keep_fresh())
        (tmp_path / "..data_tmp").symlink_to("new")
        (tmp_path / "..data_tmp").rename(tmp_path / "..data")
        async with asyncio.timeout(60):
            assert (await taken.get()).sync.interval == "40s"
        assert (live.now.defaults.interval, live.now.defaults.max_retries) == ("40s", 7)
        work.cancel()

    asyncio.run(check())
