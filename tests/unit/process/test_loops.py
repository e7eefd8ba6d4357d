"""The loop in a thread of its own, and what is noted of the main one."""

from __future__ import annotations

import asyncio
import threading
import time

import aiohttp
import pytest

from datamover_operator.process.health import HealthServer, Readiness
from datamover_operator.process.loop_delay import STUCK_AFTER, LoopDelay
from datamover_operator.process.loop_thread import LoopThread
from datamover_operator.process.metrics import Metrics
from tests.support.waiting import eventually_async


async def test_it_runs_elsewhere_and_returns_or_raises_here() -> None:
    async def name() -> str:
        return threading.current_thread().name

    async def fails() -> None:
        raise ValueError("there")

    async with LoopThread("vital") as vital:
        assert await vital.run(name()) == "vital"
        with pytest.raises(ValueError, match="there"):
            await vital.run(fails())


async def test_what_is_cancelled_here_is_cancelled_there() -> None:
    ended = threading.Event()

    async def waits() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with LoopThread("vital") as vital:
        waiting = asyncio.create_task(vital.run(waits()))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert await asyncio.to_thread(ended.wait, 30)


async def test_what_still_runs_at_the_end_is_cancelled() -> None:
    began, ended = threading.Event(), threading.Event()

    async def waits() -> None:
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async with LoopThread("vital") as vital:
        waiting = asyncio.create_task(vital.run(waits()))
        assert await asyncio.to_thread(began.wait, 30)
    assert await asyncio.to_thread(ended.wait, 30)
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)


async def test_probes_are_answered_while_the_main_loop_is_stuck() -> None:
    async with LoopThread("vital") as vital:
        server = HealthServer("127.0.0.1", 0, readiness=Readiness([]), metrics=Metrics())
        await vital.run(server.__aenter__())
        answers: list[int] = []

        def probe() -> None:
            async def get() -> None:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(f"http://127.0.0.1:{server.port}/healthz") as answer,
                ):
                    answers.append(answer.status)

            asyncio.run(get())

        prober = threading.Thread(target=probe)
        prober.start()
        prober.join(60)  # the main loop does not turn meanwhile
        assert answers == [200]
        await vital.run(server.__aexit__(None, None, None))


async def test_a_loop_that_does_not_turn_is_told() -> None:
    now = 100.0
    delay = LoopDelay(Metrics(), lambda: now)
    assert delay.problem == ""
    now += STUCK_AFTER + 1
    assert delay.problem == "the event loop has not turned for 31 s"


async def test_a_late_turn_is_measured() -> None:
    metrics = Metrics()
    measuring = asyncio.create_task(LoopDelay(metrics, time.monotonic).measure_forever())

    def slowest() -> float:
        return metrics.registry.get_sample_value("datamover_event_loop_delay_seconds_sum") or 0.0

    async def is_measured() -> bool:
        time.sleep(0.3)  # noqa: ASYNC251 - this is what makes it late
        await asyncio.sleep(0)
        return slowest() > 0.1

    await eventually_async(is_measured, what="a late turn")
    measuring.cancel()
    await asyncio.gather(measuring, return_exceptions=True)
