"""What is done for thousands of movers or runs at once leaves turns to everything else; what is done for one of them
does not touch the others.
"""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from datamover_common.fairness import Lane, Urgency
from datamover_common.kube import entry
from datamover_common.slices import SLICE
from datamover_common.tasks import Background
from datamover_crds import JsonObject
from datamover_operator.accounts.connections import Connections
from datamover_operator.controller.context import AnyKind, Caches, Context
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.movers.bulk_reading import BulkReading
from datamover_operator.movers.controller import Lanes
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.sweep import Sweep
from datamover_operator.movers.wake import wake_movers
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.poller import Poller
from tests.support.waiting import eventually_async
from tests.unit.controller.filters import context_without_servers
from tests.unit.movers.given import SPEC
from tests.unit.movers.world import SETTINGS, World

COUNT = 600
"""More than are kept unpacked."""
ROLE = "arn:aws:iam::111122223333:role/shared"
LOCATION: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::from"}}
TARGET: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::to"}}
BASE = "arn:aws:datasync:eu-central-1:111122223333:"


def task(number: int) -> str:
    return f"{BASE}task/task-{number:017x}"


def stored(kind: AnyKind, number: int, spec: JsonObject, status: JsonObject) -> JsonObject:
    metadata: JsonObject = {"name": f"x-{number}", "namespace": "n", "uid": f"u-{number}", "resourceVersion": "1"}
    body = {"apiVersion": "datamover.io/v1alpha1", "kind": kind.name, "metadata": {**metadata, "generation": 1}}
    return cast("JsonObject", {**body, "spec": spec, "status": status})


def mover(number: int) -> JsonObject:
    spec: JsonObject = {"accountRef": {"name": "dev"}, "source": LOCATION, "destination": TARGET}
    status: JsonObject = {
        "observedGeneration": 1,
        "taskArn": task(number),
        "sourceLocationArn": f"{BASE}location/loc-{number:017x}",
        "conditions": [
            {
                "type": "Ready",
                "status": "True",
                "reason": "Steady",
                "message": "",
                "lastTransitionTime": "2026-01-01T00:00:00Z",
            }
        ],
    }
    return stored(MOVER, number, spec, status)


def run(number: int) -> JsonObject:
    status: JsonObject = {"phase": "Transferring", "executionArn": f"{task(number)}/execution/exec-{number:017x}"}
    return stored(RUN, number, {"moverRef": {"name": f"x-{number}"}}, status)


class Account:
    """An account whose tasks all run, and in which every mover's tags have been edited."""

    def __init__(self) -> None:
        self.read = 0
        self.datasync = self.tagging = self
        self.iam = SimpleNamespace(list_roles=self.list_roles)

    def aws_for(self, _: str) -> Any:  # noqa: ANN401 - stands for Aws
        return self

    @property
    def open_accounts(self) -> tuple[str, ...]:
        return ("dev",)

    async def list_tasks(self) -> list[JsonObject]:
        self.read += 1
        return [{"taskArn": task(number), "status": "RUNNING"} for number in range(COUNT)]

    async def list_locations(self) -> list[JsonObject]:
        self.read += 1
        return [
            {"locationArn": f"{BASE}location/loc-{number:017x}", "locationUri": "s3://x/"} for number in range(COUNT)
        ]

    async def find_all(self, _: str) -> dict[str, dict[str, str]]:
        return {task(number): {"datamover.io/uid": f"u-{number}"} for number in range(COUNT)}

    async def list_roles(self) -> dict[str, JsonObject]:
        return {}

    async def describe_task_execution(self, arn: str) -> JsonObject:
        await asyncio.sleep(0)
        self.read += 1
        return {"taskExecutionArn": arn, "status": "TRANSFERRING"}


class Reads:
    """Counts the objects that are read, by turns of the event loop."""

    def __init__(self) -> None:
        self.total = self.in_turn = self.most = 0

    def count(self) -> None:
        self.total += 1
        self.in_turn += 1
        self.most = max(self.most, self.in_turn)

    async def turn_forever(self) -> None:
        while True:
            self.in_turn = 0
            await asyncio.sleep(0)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Reads:
    counted, read = Reads(), entry.read

    def counting(model: type[Any], raw: JsonObject, **known: object) -> tuple[Any, str]:
        counted.count()
        return read(model, raw, **known)

    monkeypatch.setattr(entry, "read", counting)
    return counted


def context_of(**settings: float) -> Context:
    caches = Caches(KINDS)
    for number in range(COUNT):
        caches[MOVER].put(mover(number))
        caches[RUN].put(run(number))
    return context_without_servers(caches, WorkQueue(), Metrics(), Settings(lease=False, **cast("Any", settings)))


class NoSearch:
    """Looks for no orphans."""

    async def look(self, *_: object) -> None:
        pass

    def keep_only(self, _: object) -> None:
        pass


@pytest.mark.parametrize("job", ["sweep", "bulk reading", "poller"])
async def test_a_job_for_all_leaves_turns_to_others(job: str, reads: Reads) -> None:
    context = context_of(run_poll_interval_seconds=0.1, sweep_interval_seconds=1, bulk_interval_seconds=1)
    account, memories, executions = Account(), Memories(), ExecutionCache()
    connections = cast("Connections", account)
    forever = {
        "sweep": Sweep(context, connections, memories).run_forever,
        "bulk reading": BulkReading(context, connections, memories, cast("Any", NoSearch())).run_forever,
        "poller": Poller(context, connections, executions).run_forever,
    }[job]
    background = Background()

    async def all_are_looked_at() -> bool:
        return len(context.queue) == COUNT

    async with background.running(reads.turn_forever(), "turns"), background.running(forever(), job):
        await eventually_async(all_are_looked_at, what=f"{COUNT} objects in the queue")
    assert reads.total >= COUNT
    assert reads.most <= 2 * SLICE + 2


async def test_an_account_wakes_its_movers_without_reading_one(reads: Reads) -> None:
    context, memories = context_of(), Memories()
    lanes = Lanes(context, memories)
    wake_movers(context, memories, "dev")
    found = {lanes.lane(uid) for uid in context.caches[MOVER].uids(("account", "dev"))}
    assert (len(context.queue), found, reads.total) == (COUNT, {Lane(Urgency.CHECK, "dev")}, 0)


def test_a_movers_pass_reads_none_of_those_that_share_its_role(reads: Reads) -> None:
    with World(SPEC) as world:
        world.settle()
        for _ in range(COUNT):
            world.share(str(world.mover.status.source_role_arn))
        world.look_closely()
        world.reconcile()  # takes the others in
        reads.total = 0
        world.look_closely()
        world.reconcile()
        assert reads.total < SLICE


def test_checks_of_movers_that_were_made_or_found_together_are_spread() -> None:
    interval, made, found, checked = SETTINGS.drift_interval_seconds, list[float](), list[float](), list[float]()

    def due(world: World) -> float:
        assert world.memory.next_drift_check is not None
        return (world.memory.next_drift_check - world.tick) / interval

    for seed in range(20):
        with World(SPEC) as world:
            world.starts = 3 * seed
            world.restart()
            world.settle()
            made.append(due(world))
            world.restart()
            world.reconcile()
            found.append(due(world))
            world.look_closely()
            world.reconcile()
            checked.append(due(world))
    for each, least, most in ((made, 0.4, 1.0), (found, 0.0, 1.0), (checked, 0.9, 1.1)):
        assert least <= min(each) < max(each) <= most
        assert max(each) - min(each) > (most - least) / 3
