"""Calls of all accounts go through one admission: at each account's pace, fairly, and none is lost."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from datamover_common.fairness import Lane, Urgency
from datamover_operator.aws.admission import Admission
from datamover_operator.aws.pacing import Pace
from tests.support.waiting import eventually_async


def fast() -> Pace:
    return Pace(rate=1000.0, burst=1000, now=0.0)


@asynccontextmanager
async def place(admission: Admission, lane: Lane, pace: Pace) -> AsyncIterator[None]:
    taken = await admission.take(lane, pace)
    try:
        yield
    finally:
        admission.leave(taken)


async def enter(admission: Admission, stack: AsyncExitStack, share: str, urgency: Urgency = Urgency.CHANGE) -> None:
    await stack.enter_async_context(place(admission, Lane(urgency, share), fast()))


async def test_a_dead_account_leaves_places_to_others() -> None:
    admission = Admission(8, lambda: 0.0)
    async with AsyncExitStack() as stack:
        stuck = [asyncio.create_task(enter(admission, stack, "dead", Urgency.RUN)) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.wait_for(enter(admission, stack, "healthy"), 30)
        assert sum(task.done() for task in stuck) == 6
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_many_dead_accounts_leave_places_to_others() -> None:
    now = 0.0
    admission = Admission(16, lambda: now)
    lanes = [Lane(urgency, f"dead-{number % 12}") for number in range(240) for urgency in Urgency]
    waiting = {asyncio.create_task(admission.take(lane, fast())) for lane in lanes}
    for _ in range(6):  # in this time each of them has shown how long it keeps a place
        await asyncio.sleep(0)
        now += 30.0
        for call in [call for call in waiting if call.done()]:
            waiting.remove(call)
            admission.leave(call.result())
    await asyncio.sleep(0)
    async with AsyncExitStack() as stack:
        for urgency in (Urgency.CHANGE, Urgency.RUN):
            await asyncio.wait_for(enter(admission, stack, "healthy", urgency), 30)
        assert sum(call.done() for call in waiting) == 12
        for call in waiting:
            call.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


async def test_a_run_waits_for_no_call_of_a_mover() -> None:
    admission = Admission(8, lambda: 0.0)
    async with AsyncExitStack() as stack:
        stuck = [asyncio.create_task(enter(admission, stack, "account")) for _ in range(20)]
        await asyncio.sleep(0)
        await asyncio.wait_for(enter(admission, stack, "account", Urgency.RUN), 30)
        for task in stuck:
            task.cancel()
        await asyncio.gather(*stuck, return_exceptions=True)


async def test_the_urgent_overtake() -> None:
    admission, order = Admission(1, lambda: 0.0), list[str]()

    async def call(name: str, urgency: Urgency) -> None:
        async with place(admission, Lane(urgency, "account"), fast()):
            order.append(name)

    async with place(admission, Lane(Urgency.CHANGE, "account"), fast()):
        calls = [asyncio.create_task(call("check", Urgency.CHECK)), asyncio.create_task(call("run", Urgency.RUN))]
        await asyncio.sleep(0)
    await asyncio.gather(*calls)
    assert order == ["run", "check"]


async def test_one_that_gives_up_takes_no_place_along() -> None:
    admission = Admission(1, lambda: 0.0)

    async def call() -> None:
        async with place(admission, Lane(Urgency.CHANGE, "account"), fast()):
            pass

    async with place(admission, Lane(Urgency.CHANGE, "account"), fast()):
        waiting = asyncio.create_task(call())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(call(), 30)


async def test_the_pace_is_kept_and_the_backlog_told() -> None:
    now = 0.0
    admission, slow, done = Admission(8, lambda: now), Pace(rate=2.0, burst=1, now=0.0), list[float]()

    async def call() -> None:
        async with place(admission, Lane(Urgency.CHANGE, "account"), slow):
            done.append(now)

    calls = [asyncio.create_task(call()) for _ in range(3)]
    await asyncio.sleep(0)
    assert (done, admission.backlog("account")) == ([0.0], 1.0)
    for expected in (2, 3):
        now += 0.5

        async def is_next(count: int = expected) -> bool:
            return len(done) == count

        await eventually_async(is_next, what="the next call")
    assert done == [0.0, 0.5, 1.0]
    assert admission.backlog("account") == 0.0
    await asyncio.gather(*calls)
