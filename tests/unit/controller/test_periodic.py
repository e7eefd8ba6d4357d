"""Rounds through accounts of which one hangs: the others are visited as ever."""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from types import SimpleNamespace
from typing import Any, cast

import pytest

from datamover_common.tasks import Background
from datamover_crds import JsonObject
from datamover_operator.accounts.connections import Connections
from datamover_operator.controller.context import AnyKind, Caches
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.periodic import keep_only, run_periodically
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.movers.kind import MOVER
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.poller import Poller
from tests.support.waiting import eventually_async
from tests.unit.controller.filters import context_without_servers, event_filter_of


async def test_an_account_that_hangs_is_visited_once_and_the_others_again_and_again() -> None:
    visits: Counter[str] = Counter()

    async def visit(name: str) -> None:
        visits[name] += 1
        if name == "hangs":
            await asyncio.Event().wait()

    async def others_go_on() -> bool:
        return visits["quick"] >= 5

    async with Background().running(run_periodically(0.001, lambda: ["hangs", "quick"], visit), "rounds"):
        await eventually_async(others_go_on)
    assert visits["hangs"] == 1


def test_nothing_is_remembered_of_accounts_that_are_not_visited_any_more() -> None:
    times, seen = {"a": 1.0, "gone": 2.0}, {"gone": frozenset({1}), "b": frozenset({2})}
    keep_only(("a", "b", "new"), times, seen)
    assert (times, seen) == ({"a": 1.0}, {"b": frozenset({2})})


async def test_a_mistake_in_a_visit_ends_the_rounds() -> None:
    async def visit(name: str) -> None:
        raise LookupError(name)

    with pytest.raises(ExceptionGroup) as caught:
        await asyncio.wait_for(run_periodically(0.001, lambda: ["a"], visit), 10)
    assert caught.group_contains(LookupError)


class Hanging:
    async def describe_task_execution(self, arn: str) -> JsonObject:
        await asyncio.Event().wait()
        raise AssertionError(arn)


class Counting:
    def __init__(self) -> None:
        self._bytes = itertools.count(1)

    async def describe_task_execution(self, arn: str) -> JsonObject:
        return {"taskExecutionArn": arn, "bytesTransferred": next(self._bytes)}


class Book:
    """Two accounts: the calls of one are never answered."""

    def __init__(self) -> None:
        self._ways = {"hangs": SimpleNamespace(datasync=Hanging()), "quick": SimpleNamespace(datasync=Counting())}

    def aws_for(self, name: str) -> Any:  # noqa: ANN401 - stands for Aws
        return self._ways[name]


def put(event_filter: EventFilter, kind: AnyKind, name: str, spec: JsonObject, **more: Any) -> None:  # noqa: ANN401 - members
    metadata = {
        "name": name,
        "namespace": "n",
        "uid": f"{kind.name}-{name}",
        "generation": 1,
        "resourceVersion": "1",
    }
    raw = {"apiVersion": "datamover.io/v1alpha1", "kind": kind.name, "metadata": metadata, "spec": spec, **more}
    event_filter.seen(kind, None, cast("JsonObject", raw))


def execution(name: str, number: int) -> str:
    return f"arn:aws:datasync:eu-central-1:111122223333:task/task-{name}/execution/exec-{number:017x}"


async def test_runs_of_one_account_are_polled_though_many_of_another_hang() -> None:
    caches, metrics, executions = Caches(KINDS), Metrics(), ExecutionCache()
    queue: WorkQueue[Any] = WorkQueue()
    event_filter = event_filter_of(caches, queue, metrics)
    location: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::bucket"}}
    for account, runs in (("hangs", 100), ("quick", 1)):
        spec: JsonObject = {"accountRef": {"name": account}, "source": location, "destination": location}
        put(event_filter, MOVER, account, spec, status={"taskArn": execution(account, 0).partition("/execution")[0]})
        for number in range(runs):
            status = {"phase": "Transferring", "executionArn": execution(account, number)}
            put(event_filter, RUN, f"{account}-{number}", {"moverRef": {"name": account}}, status=status)
    context = context_without_servers(caches, queue, metrics, Settings(run_poll_interval_seconds=0.1))

    async def it_goes_on() -> bool:
        described = executions.get(execution("quick", 0)) or {}
        return cast("int", described.get("bytesTransferred", 0)) >= 3

    poller = Poller(context, cast("Connections", Book()), executions)
    async with Background().running(poller.run_forever(), "poller"):
        await eventually_async(it_goes_on)
    assert metrics.registry.get_sample_value("datamover_active_runs") == 101
