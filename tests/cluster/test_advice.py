"""What a message advises leads where it says, on the real stack."""

from __future__ import annotations

from datamover_crds.contract import UID_TAG
from tests.support.movers import World, condition_of
from tests.support.operator_process import Operators


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
    told = condition_of(refused, "Stalled")
    assert told is not None
    assert f"delete that mover with spec.deletionPolicy Retain, then remove the tag '{UID_TAG}'" in told["message"]

    world.patch("DataMover", "first", {"spec": {"deletionPolicy": "Retain"}})
    world.delete("DataMover", "first")
    world.wait_gone("DataMover", "first")
    assert world.leftovers()["tasks"] == [task]
    world.aws("datasync").untag_resource(ResourceArn=task, Keys=[UID_TAG])

    assert world.wait_ready("second")["status"]["taskArn"] == task
    assert world.leftovers()["tasks"] == [task]
