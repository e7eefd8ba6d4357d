"""Stored objects that their models refuse: said so, never acted on, and still cleaned up."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.reconciler import RunReconciler
from tests.unit.movers.world import NAMESPACE, REF, World

SPEC: dict[str, Any] = {
    "accountRef": {"name": "dev"},
    "source": {"s3": {"s3BucketArn": "arn:aws:s3:::src"}},
    "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}},
}
RUN_REF = RUN.named(NAMESPACE, "r")


def refuse(world: World, **spec: object) -> None:
    """Store what the model refuses, as an API server does that does not check it."""
    meta = metadata_of(world.raw) | {"generation": 2}
    world.kube.put(REF, world.raw | {"spec": {**SPEC, "somethingNew": 1, **spec}, "metadata": meta})


def told(raw: JsonObject) -> tuple[str, str, int]:
    status: Any = raw["status"]
    stalled = next(each for each in status["conditions"] if each["type"] == "Stalled" and each["status"] == "True")
    return stalled["reason"], stalled["message"], status["observedGeneration"]


def store_run(world: World, **spec: object) -> None:
    body = {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMoverRun",
        "metadata": {"name": "r", "namespace": NAMESPACE, "uid": "run"},
        "spec": {"moverRef": {"name": "m"}, **spec},
    }
    world.kube.put(RUN_REF, body)


def test_a_refused_mover_says_what_is_wrong_and_is_left_alone() -> None:
    with World(SPEC) as world:
        assert world.settle() == "Ready"
        world.sky.writes.clear()
        refuse(world, source={"s3": {"s3BucketArn": "arn:aws:s3:::another"}})
        world.reconcile()
        reason, message, generation = told(world.raw)
        assert (reason, generation) == ("InvalidObject", 2)
        assert message == "spec.somethingNew: 1: unknown field"
        assert world.sky.writes == []


@pytest.mark.parametrize(("policy", "left"), [("Retain", 1), ("Delete", 0)])
def test_a_refused_mover_is_deleted_as_it_says(policy: str, left: int) -> None:
    with World(SPEC) as world:
        world.settle()
        refuse(world, deletionPolicy=policy, source={"s3": 5})
        world.delete()
        assert world.settle() == "Gone"
        assert len(world.sky.of("task")) == left


def test_a_refused_run_that_holds_the_mover_is_not_taken_for_lost() -> None:
    with World(SPEC) as world:
        world.settle()
        store_run(world, somethingNew=1)
        status: Any = world.raw["status"]
        world.kube.put(REF, world.raw | {"status": {**status, "currentRun": {"name": "r", "uid": "run"}}})
        world.look_closely()
        assert world.settle() == "Ready"
        assert world.mover.status.current_run is not None


def test_a_refused_run_is_not_started_and_says_why() -> None:
    with World(SPEC) as world:
        world.settle()
        store_run(world, somethingNew=1)
        world.reconcile()
        asyncio.run(RunReconciler(world.context, world.connections, ExecutionCache(), world.memories).reconcile("run"))
        assert told(world.kube.objects[RUN_REF])[:2] == (
            "InvalidObject",
            "spec.somethingNew: 1: unknown field",
        )
        assert "StartTaskExecution" not in world.sky.writes


def test_a_run_of_a_refused_mover_is_followed_to_its_end() -> None:
    with World(SPEC) as world:
        world.settle()
        arn = f"{world.mover.status.task_arn}/execution/exec-00000000000000001"
        store_run(world)
        stored = world.kube.objects[RUN_REF]
        world.kube.put(RUN_REF, stored | {"status": {"phase": "Transferring", "executionArn": arn}})
        refuse(world)
        world.reconcile()
        executions = ExecutionCache()
        executions.put(arn, {"status": "TRANSFERRING", "taskExecutionArn": arn}, world.sky.now, 0.0)
        asyncio.run(RunReconciler(world.context, world.connections, executions, world.memories).reconcile("run"))
        status: Any = world.kube.objects[RUN_REF]["status"]
        assert status["phase"] == "Transferring"
