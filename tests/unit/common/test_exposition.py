"""The metrics' text: one at a time, and never an old one."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from datamover_common.exposition import Exposition


class Counted(Collector):
    """Tells how often it was asked; waits until it may go on."""

    def __init__(self) -> None:
        self.asked = 0
        self.began, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def collect(self) -> Iterable[GaugeMetricFamily]:
        self.asked += 1
        number = self.asked
        self.began.release()
        assert self.go.acquire(timeout=60)
        family = GaugeMetricFamily("asked", "How often.", value=number)
        yield family

    def describe(self) -> Iterable[GaugeMetricFamily]:
        return ()


@pytest.fixture
def counted() -> Counted:
    return Counted()


@pytest.fixture
def exposition(counted: Counted) -> Exposition:
    registry = CollectorRegistry()
    registry.register(counted)
    return Exposition(registry)


async def test_many_that_ask_at_once_share_one_text_that_is_begun_after_them(
    exposition: Exposition, counted: Counted
) -> None:
    first = asyncio.create_task(exposition.text())
    assert await asyncio.to_thread(counted.began.acquire, timeout=60)
    others = [asyncio.create_task(exposition.text()) for _ in range(100)]
    await asyncio.sleep(0)
    counted.go.release(2)
    assert b"asked 1.0" in await first
    assert all(b"asked 2.0" in text for text in await asyncio.gather(*others))
    assert counted.asked == 2


async def test_a_client_that_goes_away_keeps_nobody_from_the_next_text(
    exposition: Exposition, counted: Counted
) -> None:
    gone = asyncio.create_task(exposition.text())
    assert await asyncio.to_thread(counted.began.acquire, timeout=60)
    gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    counted.go.release(2)
    assert b"asked 2.0" in await exposition.text()
