"""A process that has gone blind ends; one that sees again goes on."""

from __future__ import annotations

import asyncio

import pytest

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


async def test_what_is_watched_again_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0)
    readiness = Readiness([])
    dog = Watchdog(readiness)
    dog.lost("/movers", "no answer")
    dog.reached("/movers")
    assert readiness.reasons == {}
    guarding = asyncio.create_task(dog.guard_forever())
    await asyncio.wait([guarding], timeout=2 * watchdog._INTERVAL)
    assert not guarding.done()
    guarding.cancel()
