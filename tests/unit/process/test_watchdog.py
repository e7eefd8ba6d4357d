"""A process that has gone blind ends; one that sees again goes on."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterable

import pytest

from datamover_operator.kube.watch import _settings
from datamover_operator.process import watchdog
from datamover_operator.process.health import Readiness
from datamover_operator.process.watchdog import BlindError, Watchdog


async def test_what_is_not_watched_for_long_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0.1)
    readiness = Readiness([])
    dog = Watchdog(readiness)
    dog.lost("/movers", "the API server answers 500")
    dog.lost("/movers", "the API server answers 401")
    assert readiness.reasons == {"/movers": "the API server answers 401"}
    with pytest.raises(BlindError, match=r"/movers is not watched since .* s: the API server answers 401"):
        await asyncio.wait_for(dog.guard_forever(), 30)


async def keeps_guarding(dog: Watchdog) -> None:
    guarding = asyncio.create_task(dog.guard_forever())
    await asyncio.wait([guarding], timeout=2 * watchdog._INTERVAL)
    assert not guarding.done()
    guarding.cancel()


async def test_what_is_watched_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0)
    readiness = Readiness([])
    dog = Watchdog(readiness)
    dog.lost("/movers", "no answer")
    dog.reached("/movers")
    assert readiness.reasons == {}
    await keeps_guarding(dog)


async def test_an_api_server_that_is_away_or_too_busy_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0)
    readiness = Readiness([])
    dog = Watchdog(readiness)
    dog.silent("/movers", "no answer")
    assert readiness.reasons == {"/movers": "no answer"}
    await keeps_guarding(dog)


async def test_what_nobody_tries_to_watch_any_more_is_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "SILENCE", 0.1)
    dog = Watchdog(Readiness([]))
    dog.silent("/movers", "no answer")
    with pytest.raises(BlindError, match=r"/movers is not watched since .* s: no answer"):
        await asyncio.wait_for(dog.guard_forever(), 30)


def test_a_watch_is_tried_again_without_an_end() -> None:
    backoffs = _settings(is_namespaced=True).networking.error_backoffs
    assert isinstance(backoffs, Iterable)
    for _ in range(2):  # for each request anew
        assert list(itertools.islice(backoffs, 500))[-1] == 5.0
