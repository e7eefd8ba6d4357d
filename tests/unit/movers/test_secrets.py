"""Secrets reach AWS and nothing else; a changed one is applied; what can't be read is told (I6)."""

from __future__ import annotations

import asyncio
import json
from typing import cast

import pytest

from datamover_common.kube.client import KubeClient
from datamover_crds import JsonObject
from datamover_operator.kube.secrets import SECRETS
from datamover_operator.movers.secret_sweep import SecretSweep
from tests.support.location_cases import AGENT, AGENTS, OTHER_AGENT, SECRET, SECRET_VALUES, ref
from tests.support.specs import JsonDict, s3
from tests.unit.movers.given import DRIFT, Spec, ending_at, spec, told
from tests.unit.movers.sky import Item
from tests.unit.movers.world import NAMESPACE, World

SMB: JsonDict = {
    "serverHostname": "files.example.com",
    "subdirectory": "share",
    "agents": ["office"],
    "user": "joe",
    "password": ref("password"),
}


def moving(**members: object) -> Spec:
    return spec(source={"smb": SMB | members}, destination=s3())


def world_of(declared: Spec) -> World:
    world = World(declared)
    world.know_agents(**AGENTS)
    return world


def share(world: World) -> Item:
    return next(item for item in world.sky.of("location") if str(item.described["locationUri"]).startswith("smb://"))


def test_a_secret_is_sent_and_shown_nowhere() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        assert world.settle() == "Ready"
        assert share(world).secrets == {"password": "hunter2 is no password"}
        assert "hunter2" not in json.dumps(world.raw) + str(world.told.events)
        assert len(str(world.mover.status.bookkeeping.source_secret_hash)) == 32
        assert world.mover.status.bookkeeping.destination_secret_hash is None


def test_a_changed_secret_is_applied_once() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, password="one")
        world.settle()
        before, writes = world.mover.status.bookkeeping.source_secret_hash, len(world.sky.writes)
        world.keep_secret(SECRET, password="two\n")
        world.queue.next = 0.0  # as the sweep does
        assert world.settle() == "Ready"
        assert share(world).secrets == {"password": "two"}
        assert world.sky.writes[writes:] == ["UpdateLocation"]
        assert world.mover.status.bookkeeping.source_secret_hash not in {before, None}
        world.look_closely()
        world.settle()
        assert world.sky.writes[writes:] == ["UpdateLocation"]


def test_a_lost_status_takes_one_update_and_no_new_location() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, password="one")
        world.settle()
        world.lose("sourceSecretHash")
        world.look_closely()
        writes = len(world.sky.writes)
        assert world.settle() == "Ready"
        assert world.sky.writes[writes:] == ["UpdateLocation"]


def test_a_crash_after_the_update_repeats_it_and_records_it() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, password="one")
        world.settle()
        world.keep_secret(SECRET, password="two")
        with ending_at(world, "UpdateLocation"):
            assert world.settle() == "Ready"
        assert share(world).secrets == {"password": "two"}
        writes = len(world.sky.writes)
        world.pass_time(DRIFT)
        world.settle()
        assert len(world.sky.writes) == writes


HELD = f"Secret '{SECRET}' in namespace 'team-a'"


@pytest.mark.parametrize(
    ("kept", "told_message"),
    [
        (None, f"spec.source.smb.password: Secret '{SECRET}' does not exist in the mover's namespace 'team-a'; create"),
        ({"other": "x"}, f"spec.source.smb.password: {HELD} has no value for key 'password'; add it there"),
        (
            {"password": b"\xff\xfe"},
            f"spec.source.smb.password: key 'password' of {HELD} does not hold text",
        ),
        ({"password": "x" * 200_000}, f"spec.source.smb.password: key 'password' of {HELD} holds 200000 bytes"),
    ],
)
def test_what_can_not_be_used_is_told_before_aws_is_asked(
    kept: dict[str, str | bytes] | None, told_message: str
) -> None:
    with world_of(moving()) as world:
        if kept is not None:
            world.keep_secret(SECRET, **kept)
        assert world.settle() == "Stalled"
        stalled = told(world, "Stalled")
        assert stalled["reason"] == "SecretNotUsable"
        assert str(stalled["message"]).startswith(told_message)
        assert world.sky.writes == []
        world.keep_secret(SECRET, **SECRET_VALUES)
        world.look_closely()
        assert world.settle() == "Ready"


@pytest.mark.parametrize("looks_before", [0, 1])
def test_a_change_is_seen_by_the_first_look_after_it(looks_before: int) -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        sweep = SecretSweep(world.context, cast("KubeClient", world.kube), world.memories)
        world.settle()
        for _ in range(looks_before):
            asyncio.run(sweep.look())
            world.settle()
        reads = len(world.sky.writes)
        world.keep_secret(SECRET, **(SECRET_VALUES | {"password": "another"}))
        asyncio.run(sweep.look())
        world.reconcile()
        assert world.sky.writes[reads:] == ["UpdateLocation"]
        assert share(world).secrets["password"] == "another"


def test_a_mover_whose_secret_is_gone_can_still_be_deleted() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        world.settle()
        del world.kube.objects[SECRETS.within(NAMESPACE).named(SECRET)]
        world.look_closely()
        assert world.settle() == "Stalled"
        world.delete()
        assert world.settle() == "Gone"
        assert world.sky.of("location") == []


def test_an_unknown_agent_is_told_with_its_field() -> None:
    with World(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "AgentNotFound"
        assert str(told(world, "Stalled")["message"]).startswith("spec.source.smb.agents[0]: 'office': ")
        world.know_agents(**AGENTS)
        world.look_closely()
        assert world.settle() == "Ready"
        assert share(world).described["agentArns"] == [AGENT]


def test_an_agent_that_gets_another_arn_is_followed() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        world.settle()
        world.know_agents(office=OTHER_AGENT)
        assert world.settle() == "Ready"
        assert share(world).described["agentArns"] == [OTHER_AGENT]


def test_a_task_that_waits_for_its_agent_is_looked_at_again_soon() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        world.settle()
        (task,) = world.sky.of("task")
        task.status, world.sky.agents[AGENT] = "UNAVAILABLE", "OFFLINE"
        world.look_closely()
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "AgentOffline"
        assert f"agent 'office' ({AGENT}) is OFFLINE" in str(told(world, "Stalled")["message"])
        assert world.queue.next is not None
        assert world.queue.next <= 60
        task.status, world.sky.agents[AGENT] = "AVAILABLE", "ONLINE"
        world.pass_time(60)
        assert world.settle() == "Ready"


def test_a_task_that_is_unavailable_for_another_reason_says_so() -> None:
    with world_of(moving()) as world:
        world.keep_secret(SECRET, **SECRET_VALUES)
        world.settle()
        (task,) = world.sky.of("task")
        reason: JsonObject = {"errorCode": "x40016", "errorDetail": "mount.nfs: Connection timed out"}
        task.status, world.sky.agents[AGENT] = "UNAVAILABLE", "ONLINE"
        task.described |= reason
        world.look_closely()
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "TaskUnavailable"
        assert "mount.nfs: Connection timed out" in str(told(world, "Stalled")["message"])
