"""What a message advises leads where it says, on the real stack."""

from __future__ import annotations

import pytest

from datamover_crds.contract import UID_TAG
from tests.support.api import ApiError
from tests.support.emulator import Json
from tests.support.movers import ACCOUNT_ID, REGION, World, condition_of
from tests.support.operator_process import Operators


def message_of(obj: Json, condition: str) -> str:
    told = condition_of(obj, condition)
    assert told is not None
    return str(told["message"])


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
    assert f"delete that mover with spec.deletionPolicy Retain, then remove the tag '{UID_TAG}'" in told

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
