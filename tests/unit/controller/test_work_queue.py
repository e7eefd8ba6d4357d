"""The one queue: level-triggered, fair, and no waiter is forgotten."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from datamover_common.fairness import Lane, Urgency
from datamover_operator.controller.work_queue import WorkQueue


def by_first(key: str) -> Lane:
    return Lane(Urgency.CHANGE, key[0])


async def test_what_is_added_while_it_is_worked_on_is_looked_at_once_more() -> None:
    queue: WorkQueue[str] = WorkQueue()
    queue.add("a")
    await queue.take()
    queue.add("a")
    queue.add("a")
    assert queue.is_wanted("a")
    queue.done("a")
    assert (await queue.take())[0] == "a"
    queue.done("a")
    assert len(queue) == 0


async def test_one_account_does_not_occupy_all_workers() -> None:
    queue: WorkQueue[str] = WorkQueue(8, by_first)
    for number in range(20):
        queue.add(f"dead-{number}")
    taken = [(await asyncio.wait_for(queue.take(), 30))[0] for _ in range(4)]
    queue.add("healthy")
    taken.append((await asyncio.wait_for(queue.take(), 30))[0])
    assert taken[-1] == "healthy"


async def test_a_run_needs_no_worker_that_a_mover_has() -> None:
    queue: WorkQueue[str] = WorkQueue(8, lambda key: Lane(Urgency.RUN if key == "run" else Urgency.CHANGE, "account"))
    workers = [asyncio.create_task(queue.take()) for _ in range(8)]
    for number in range(20):
        queue.add(f"mover-{number}")
    await asyncio.sleep(0)
    queue.add("run")
    async with asyncio.timeout(30):
        while not any(each.done() and each.result()[0] == "run" for each in workers):  # noqa: ASYNC110 - a few turns
            await asyncio.sleep(0)
    for each in workers:
        each.cancel()
    await asyncio.gather(*workers, return_exceptions=True)


@given(st.lists(st.sampled_from(["a1", "a2", "b1", "b2", "c1"]), max_size=40), st.integers(1, 6))
def test_whatever_arrives_during_a_pass_causes_another_pass(arrivals: list[str], workers: int) -> None:
    """However additions and passes interleave, each addition is followed by the beginning of a pass of its key."""

    async def run() -> None:
        queue: WorkQueue[str] = WorkQueue(workers, by_first)
        added: dict[str, int] = {}
        seen: dict[str, int] = {}

        async def work() -> None:
            while True:
                key, _ = await queue.take()
                seen[key] = added[key]
                await asyncio.sleep(0)
                queue.done(key)

        tasks = [asyncio.create_task(work()) for _ in range(workers)]
        for number, key in enumerate(arrivals):
            added[key] = number
            queue.add(key)
            if number % 3 == 0:
                await asyncio.sleep(0)
        async with asyncio.timeout(30):
            while seen != added:  # noqa: ASYNC110 - a few turns of the loop
                await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(run())
