"""State changes that a queue tells of: each has its execution looked at, at once, whatever others do meanwhile."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from types import SimpleNamespace
from typing import cast

from datamover_common.tasks import Background
from datamover_crds import JsonObject
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.aws.failure import FailureKind
from datamover_operator.aws.ports import QueueMessage
from datamover_operator.controller.context import AnyKind, Caches, Key
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.registry import Controller, Registry
from datamover_operator.controller.work_queue import WorkQueue, one_lane
from datamover_operator.controllers import KINDS
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.runs.controller import run_controller
from datamover_operator.runs.kind import RUN
from tests.support.waiting import eventually_async
from tests.unit.controller.filters import context_without_servers
from tests.unit.movers.sky import ACCOUNT_ID, REGION, error

TASK = f"arn:aws:datasync:{REGION}:{ACCOUNT_ID}:task/task-00000000000000001"
URL = f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT_ID}/q"


def execution(number: int) -> str:
    return f"{TASK}/execution/exec-{number:017x}"


def told(number: int, state: str) -> QueueMessage:
    event = {
        "source": "aws.datasync",
        "detail-type": "DataSync Task Execution State Change",
        "resources": [execution(number)],
        "detail": {"State": state},
    }
    return QueueMessage(json.dumps(event), f"{number}-{state}")


class Aws:
    """One account: its queue holds what a test sends, and its executions are all transferring, or over."""

    def __init__(self) -> None:
        self.batches: asyncio.Queue[Sequence[QueueMessage]] = asyncio.Queue()
        self.deleted: list[str] = []
        self.described: list[str] = []
        self.statuses: dict[str, str] = {}
        self.on_describe: Callable[[str], Awaitable[None]] = self._answers

    async def _answers(self, arn: str) -> None:
        pass

    async def describe_task_execution(self, arn: str) -> JsonObject:
        self.described.append(arn)
        await self.on_describe(arn)
        return {"taskExecutionArn": arn, "status": self.statuses.get(arn, "TRANSFERRING")}

    async def receive(self, url: str) -> Sequence[QueueMessage]:
        assert url == URL
        return await self.batches.get()

    async def delete(self, url: str, receipts: Sequence[str]) -> None:
        assert url == URL
        self.deleted += receipts

    def send(self, *messages: QueueMessage) -> None:
        self.batches.put_nowait(messages)

    async def until(self, holds: Callable[[], object]) -> None:
        async def does() -> bool:
            return bool(holds())

        await eventually_async(does)


def put(event_filter: EventFilter, kind: AnyKind, name: str, spec: JsonObject, status: JsonObject) -> None:
    metadata = {"name": name, "uid": f"{kind.name}-{name}", "generation": 1, "resourceVersion": "1"}
    if kind is not ACCOUNT:
        metadata["namespace"] = "n"
    raw = {"apiVersion": "datamover.io/v1alpha1", "kind": kind.name, "metadata": metadata, "spec": spec}
    event_filter.seen(kind, None, cast("JsonObject", raw | {"status": status}))


class Stage:
    """A mover that is Ready in an account with a queue; runs are what a test adds."""

    def __init__(self, aws: Aws, event_filter: EventFilter) -> None:
        self.aws = aws
        self._event_filter = event_filter
        location: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::bucket"}}
        account = {"accountId": ACCOUNT_ID, "region": REGION, "events": {"queueUrl": URL}}
        put(event_filter, ACCOUNT, "a", cast("JsonObject", account), {})
        spec: JsonObject = {"accountRef": {"name": "a"}, "source": location, "destination": location}
        put(event_filter, MOVER, "m", spec, {"taskArn": TASK})

    def add_run(self, number: int) -> None:
        status: JsonObject = {"phase": "Transferring", "executionArn": execution(number)}
        put(self._event_filter, RUN, f"r-{number}", {"moverRef": {"name": "m"}}, status)


async def _rest(_: str) -> None:
    pass


@asynccontextmanager
async def stage(*, poll_interval: float) -> AsyncIterator[Stage]:
    aws, caches, registry, metrics = Aws(), Caches(KINDS), Registry(), Metrics()
    queue: WorkQueue[Key] = WorkQueue()
    event_filter = EventFilter(caches, queue, registry)
    context = context_without_servers(caches, queue, metrics, Settings(run_poll_interval_seconds=poll_interval))
    ports = SimpleNamespace(datasync=aws, queue=aws)
    connections = cast("Connections", SimpleNamespace(aws_for=lambda _: ports))
    runs = run_controller(context, connections, Memories())
    for controller in (runs, *(Controller(kind, _rest, lane=one_lane) for kind in (MOVER, ACCOUNT))):
        registry.register(controller)
    async with AsyncExitStack() as stack:
        for name in ("poller", "state changes"):
            await stack.enter_async_context(Background().running(runs.jobs[name](), name))
        yield Stage(aws, event_filter)


async def test_an_end_that_is_told_before_its_run_is_recorded_is_looked_at_as_soon_as_it_is() -> None:
    async with stage(poll_interval=300) as here:
        here.aws.send(told(1, "SUCCESS"))
        await here.aws.until(lambda: here.aws.deleted)
        assert here.aws.described == []
        here.add_run(1)
        await here.aws.until(lambda: here.aws.described)
        assert here.aws.described == [execution(1)]


async def test_an_execution_that_is_described_slowly_delays_no_other() -> None:
    async def hang(arn: str) -> None:
        if arn == execution(1):
            await asyncio.Event().wait()

    async with stage(poll_interval=300) as here:
        here.aws.on_describe = hang
        for number in (1, 2):
            here.add_run(number)
            here.aws.send(told(number, "SUCCESS"))
        await here.aws.until(lambda: here.aws.deleted == ["2-SUCCESS"])
        assert here.aws.described == [execution(1), execution(2)]


async def test_an_end_that_could_not_be_seen_is_looked_at_by_the_next_poll_and_not_in_a_minute() -> None:
    async def refuse(arn: str) -> None:
        here.aws.on_describe = silent
        raise error(FailureKind.UNAVAILABLE, arn)

    async def silent(_: str) -> None:
        here.aws.statuses[execution(1)] = "SUCCESS"

    async with stage(poll_interval=0.1) as here:
        here.add_run(1)
        here.aws.send(told(1, "TRANSFERRING"))
        await here.aws.until(lambda: here.aws.deleted)
        here.aws.described.clear()
        here.aws.on_describe = refuse
        here.aws.send(told(1, "SUCCESS"))
        await here.aws.until(lambda: len(here.aws.described) > 1)
