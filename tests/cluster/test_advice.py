"""What a message advises leads where it says, on the real stack."""

from __future__ import annotations

import base64
from functools import partial
from pathlib import Path

import pytest

from datamover_crds.contract import UID_TAG
from tests.support.api import ApiError
from tests.support.emulator import Json
from tests.support.location_lives import LIVES
from tests.support.location_worlds import LocationWorld, open_account
from tests.support.movers import ACCOUNT_ID, NOTHING, REGION, World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually


def message_of(obj: Json, condition: str) -> str:
    told = condition_of(obj, condition)
    assert told is not None
    return str(told["message"])


def counted(world: World) -> object:
    """How many orphans the account counts."""
    account = world.get("DataMoverAccount", world.account)
    return account is not None and account.get("status", {}).get("orphans")


def test_a_task_that_another_mover_manages_can_be_taken_over_as_the_message_says(
    world: World, operator: Operators
) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    operator(refused_retry_seconds=1)
    world.s3_mover("first")
    task = world.wait_ready("first")["status"]["taskArn"]
    world.s3_mover("second", adopt={"taskArn": task, "own": True})
    refused = world.wait_condition("DataMover", "second", "Stalled", reason="AlreadyManaged")
    told = message_of(refused, "Stalled")
    assert "delete that mover with spec.deletionPolicy Retain, if it still exists, then remove the tag" in told

    world.s3_mover("third", adopt={"taskArn": task, "own": True}, deletionPolicy="Retain")
    world.wait_condition("DataMover", "third", "Stalled", reason="AlreadyManaged")
    world.delete("DataMover", "third")  # the runbook: it leaves the task where it is
    world.wait_gone("DataMover", "third")
    assert world.wait_ready("first")["status"]["taskArn"] == task

    world.patch("DataMover", "first", {"spec": {"deletionPolicy": "Retain"}})
    world.delete("DataMover", "first")
    world.wait_gone("DataMover", "first")
    assert world.leftovers()["tasks"] == [task]
    world.aws("datasync").untag_resource(ResourceArn=task, Keys=[UID_TAG])

    assert world.wait_ready("second")["status"]["taskArn"] == task
    assert world.leftovers()["tasks"] == [task]


def test_what_was_named_wrongly_can_be_mended_until_something_has_been_made(world: World, operator: Operators) -> None:
    world.bucket("src")
    other = f"{world.account}-other"
    world.grant_all()
    world.create("DataMoverAccount", other, {"accountId": ACCOUNT_ID, "region": REGION})
    operator(refused_retry_seconds=1)
    world.s3_mover("m", accountRef={"name": "nobody"}, taskMode="ENHANCED")
    absent = world.wait_condition("DataMover", "m", "Stalled", reason="AccountNotFound")
    assert "'nobody' does not exist; create it, or name another one" in message_of(absent, "Stalled")

    world.patch("DataMover", "m", {"spec": {"accountRef": {"name": other}}})
    world.wait_condition("DataMover", "m", "Stalled", reason="NotGranted")
    world.patch("DataMover", "m", {"spec": {"accountRef": {"name": world.account}}})
    world.wait_condition("DataMover", "m", "Stalled", reason="Refused")  # there is no bucket to write to
    world.patch("DataMover", "m", {"spec": {"taskMode": "BASIC"}})
    world.bucket("dst")

    task = world.wait_ready("m")["status"]["observed"]["task"]
    assert task["taskMode"] == "BASIC"
    world.delete("DataMoverAccount", other)
    world.wait_gone("DataMoverAccount", other)
    for spec, told in (
        ({"accountRef": {"name": "nobody"}}, "create another DataMover for the other account, and delete this one"),
        ({"taskMode": "ENHANCED"}, "create another DataMover with the other mode, and delete this one"),
    ):
        with pytest.raises(ApiError, match=told):
            world.patch("DataMover", "m", {"spec": spec})


def test_a_mover_whose_account_is_gone_is_let_go_and_its_task_is_adopted_as_the_messages_say(
    world: World, operator: Operators, kubeconfig: Path
) -> None:
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    operator(bulk_interval_seconds=1, refused_retry_seconds=1, kubeconfig=kubeconfig)
    for name in ("kept", "cleaned"):
        world.s3_mover(name)
    kept = world.wait_ready("kept")["status"]["taskArn"]
    world.wait_ready("cleaned")

    world.delete("DataMoverAccount", world.account)
    held = world.wait_condition("DataMoverAccount", world.account, "Reconciling", reason="InUse")
    assert "waiting for 2 movers that use this account to be deleted" in message_of(held, "Reconciling")
    world.patch("DataMoverAccount", world.account, {"metadata": {"finalizers": []}})
    world.wait_gone("DataMoverAccount", world.account)
    for name in ("kept", "cleaned"):  # the operator hears of the account's end before it hears of the movers'
        world.wait_condition("DataMover", name, "Stalled", reason="AccountNotFound")
        world.delete("DataMover", name)
        blocked = world.wait_condition("DataMover", name, "Stalled", reason="DeletionBlocked")
        told = message_of(blocked, "Stalled")
        assert f"DataMoverAccount '{world.account}' no longer exists; create it again" in told
        assert "set spec.deletionPolicy to Retain; what is kept can't be marked as retained now" in told
    world.patch("DataMover", "kept", {"spec": {"deletionPolicy": "Retain"}})
    world.wait_gone("DataMover", "kept")

    world.grant_all()
    world.wait_gone("DataMover", "cleaned")
    assert world.leftovers()["tasks"] == [kept]
    notes = partial(world.account_notes, "OrphansFound")
    told = eventually(lambda: next((each for each in notes() if kept in each), ""), what="what is kept is orphaned")
    assert "apply a DataMover of the same namespace and name with spec.adopt (own: true)" in told
    world.s3_mover("kept", adopt={"taskArn": kept, "own": True})
    assert world.wait_ready("kept")["status"]["taskArn"] == kept
    eventually(lambda: not counted(world), what="nothing is orphaned any more")
    world.delete("DataMover", "kept")
    world.wait_gone("DataMover", "kept")
    assert world.leftovers() == NOTHING

    gone = "gone.elsewhere.datamover.io/cleanup"
    world.patch("DataMoverAccount", world.account, {"metadata": {"finalizers": [gone]}})
    world.delete("DataMoverAccount", world.account)
    last = world.wait_condition("DataMoverAccount", world.account, "Reconciling", reason="Deleting")
    assert f"held by finalizers {gone}: if an operator is gone for good, remove its finalizer" in message_of(
        last, "Reconciling"
    )
    world.patch("DataMoverAccount", world.account, {"metadata": {"finalizers": []}})
    world.wait_gone("DataMoverAccount", world.account)


def test_a_task_whose_tags_do_not_fit_is_replaced_after_each_of_the_ways_out(world: World, operator: Operators) -> None:
    for bucket in ("src", "dst", "dst2"):
        world.bucket(bucket)
    world.grant_all()
    operator(refused_retry_seconds=1)
    theirs = [{"Key": f"theirs-{number:02}", "Value": "x"} for number in range(45)]
    ways = ("untagged", "fewer", "none")
    before: dict[str, str] = {}
    for name in ways:
        world.s3_mover(name, tags=[{"key": "team", "value": "data"}])
    for name in ways:
        before[name] = world.wait_ready(name)["status"]["taskArn"]
        world.aws("datasync").tag_resource(ResourceArn=before[name], Tags=theirs)
        moved = {"s3": {"s3BucketArn": "arn:aws:s3:::dst2"}}
        more = [{"key": key, "value": "data"} for key in ("team", "cost")]
        world.patch("DataMover", name, {"spec": {"destination": moved, "tags": more}})
    for name in ways:
        told = message_of(world.wait_condition("DataMover", name, "Stalled", reason="TooManyTags"), "Stalled")
        assert f"remove some from task '{before[name]}' or from the spec, or set spec.tags to []" in told
        assert "there is no room for theirs-44" in told

    world.aws("datasync").untag_resource(ResourceArn=before["untagged"], Keys=["theirs-00"])
    world.patch("DataMover", "fewer", {"spec": {"tags": [{"key": "team", "value": "data"}]}})
    world.patch("DataMover", "none", {"spec": {"tags": []}})
    kept = {"untagged": 46, "fewer": 46, "none": 0}
    for name in ways:
        task = world.wait_ready(name)["status"]["taskArn"]
        assert task != before[name]
        tags = world.aws("datasync").list_tags_for_resource(ResourceArn=task)["Tags"]
        assert len([each for each in tags if not each["Key"].startswith("datamover.io/")]) == kept[name], name


def test_another_mover_takes_the_place_of_one_that_can_not_be_changed(ready: World) -> None:
    task = ready.wait_ready()["status"]["taskArn"]
    with pytest.raises(ApiError, match="create another DataMover with the other mode, and delete this one"):
        ready.patch("DataMover", "m", {"spec": {"taskMode": "ENHANCED"}})
    ready.s3_mover("other", taskMode="ENHANCED")
    other = ready.wait_ready("other")["status"]["taskArn"]
    ready.delete("DataMover", "m")
    ready.wait_gone("DataMover", "m")
    assert ready.leftovers()["tasks"] == [other] != [task]
    ready.run("r", "other")
    ready.wait_phase("r", "Succeeded")
    assert ready.objects("dst") == ready.objects("src")


def test_the_key_for_hashes_of_secrets_is_made_anew_once_the_unusable_one_is_deleted(
    world: World, operator: Operators
) -> None:
    open_account(world)
    there = LocationWorld(world, next(life for life in LIVES if life.name == "smb"))
    there.put(there.life.folder, {"a.txt": b"alpha"})
    secrets, key = f"/api/v1/namespaces/{world.namespace}/secrets", "datamover-operator-hash-key"
    world.api.create(secrets, {"metadata": {"name": key}, "stringData": {"key": "too short"}})
    operator(refused_retry_seconds=1)
    there.apply()
    told = message_of(world.wait_condition("DataMover", there.mover, "Stalled"), "Stalled")
    assert f"Secret '{world.namespace}/{key}' has no value of 32 bytes" in told
    assert "delete it: the operator makes a new one" in told

    world.api.delete(f"{secrets}/{key}")
    world.wait_ready(there.mover)
    assert len(base64.b64decode(world.api.get(f"{secrets}/{key}")["data"]["key"])) == 32
    assert "CreateLocationSmb" in world.calls()
