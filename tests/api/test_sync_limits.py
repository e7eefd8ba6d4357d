"""What bounds the DataSync API: the rate limit with and without a Redis that answers, and settings that can't be."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pydantic import ValidationError

from datamover_api.settings import Settings
from datamover_api.sync.configuration import ConfigurationError, read_configuration
from datamover_api.sync.rates import MEMORY, Rates


def rates(storage: str, failures: list[None], per_minute: int = 1000) -> Rates:
    return Rates(per_minute, storage, lambda: failures.append(None))


def test_a_key_that_has_sent_its_requests_is_told_when_to_come_again() -> None:
    async def check() -> None:
        limit = rates(MEMORY, [], per_minute=2)
        told = [await limit.hit("a") for _ in range(5)]
        assert [each.is_within for each in told].count(True) in {2, 3, 4}  # a minute may begin among them
        refused = next(each for each in told if not each.is_within)
        assert refused.remaining == 0
        assert int(dict(refused.headers(0.0))["Retry-After"]) >= 1
        assert (await limit.hit("b")).is_within

    asyncio.run(check())


def test_a_redis_that_takes_connections_and_is_silent_holds_up_nobody() -> None:
    async def check() -> None:
        asked: list[None] = []

        async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked.append(None)
            await reader.read()
            writer.close()

        failures: list[None] = []
        async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            limit = rates(f"redis://127.0.0.1:{port}/0", failures)
            async with asyncio.timeout(60):
                first = await limit.hit("a")
                others = await asyncio.gather(*(limit.hit("a") for _ in range(50)))
        assert all(each.is_within for each in (first, *others))
        assert 1 <= len(failures) <= 51
        assert asked

    asyncio.run(check())


def test_of_many_requests_one_finds_out_whether_redis_is_back(monkeypatch: pytest.MonkeyPatch) -> None:
    async def check() -> None:
        failures: list[None] = []
        limit = rates("redis://127.0.0.1:1/0", failures)
        await limit.hit("a")
        monkeypatch.setattr(limit, "_again_at", 0.0)
        await asyncio.gather(*(limit.hit("a") for _ in range(50)))
        assert len(failures) == 2

    asyncio.run(check())


@pytest.mark.parametrize(
    "storage", ["redis://redis:6379/0", "rediss://:pass@redis:1/1", "redis://u:p@[::1]:6379", "redis://h:1/", "memory"]
)
def test_a_storage_of_counts_is_taken(storage: str) -> None:
    assert settings(storage).sync_rate_limit_storage == storage
    rates(storage, [])


@pytest.mark.parametrize(
    "storage",
    [
        "redis://",
        "redis://:p@",
        "redis://h:x/0",
        "redis://h:99999/0",
        "redis://h:1/x",
        "redis://[::1",
        "redis://h/0",
        "redis://:a@b@h:1/0",
        "http://h",
        "redis",
    ],
)
def test_a_storage_of_counts_that_can_t_be_is_refused(storage: str) -> None:
    with pytest.raises(ValidationError):
        settings(storage)


def settings(storage: str) -> Settings:
    given: Any = {"legacy_enabled": False, "sync_rate_limit_storage": storage}
    return Settings(**given)


@pytest.mark.parametrize(
    ("variables", "told"),
    [
        ({"DB_URL": "postgresql://u:hunter2@h:x/d"}, "DB_URL: must be a URL such as"),
        ({"DB_URL": "postgresql://u:hunter2@[::1/d"}, "DB_URL: must be a URL such as"),
        ({"DB_URL": "mysql://u:hunter2@h/d"}, "DB_URL: must start with"),
        ({"SYNC_INTERVAL": "5"}, "SYNC_INTERVAL: must be at least 10s"),
        ({"SYNC_INTERVAL": "soon"}, "SYNC_INTERVAL: must be a duration"),
        ({"MAX_RETRIES": "-1"}, "MAX_RETRIES: must be at least 0"),
        ({"LOG_LEVEL": "LOUD"}, "LOG_LEVEL: must be"),
    ],
)
def test_a_wrong_variable_is_told_by_its_name_and_without_its_value(variables: dict[str, str], told: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read_configuration(None, variables)
    assert str(refused.value).startswith(told)
    assert "hunter2" not in str(refused.value)
