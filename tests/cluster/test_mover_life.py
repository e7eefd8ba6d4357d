"""A mover from apply to Ready to deleted, on a real API server and against the emulator."""

from __future__ import annotations

from collections import Counter

from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators


def test_exactly_the_calls_that_an_s3_mover_needs(world: World, operator: Operators) -> None:
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    operator()
    world.wait_condition("DataMoverAccount", world.account, "Ready")

    world.s3_mover()
    found = world.wait_ready()
    made = Counter(world.calls(reads=False))
    assert made == {"CreateRole": 2, "PutRolePolicy": 2, "CreateLocationS3": 2, "CreateTask": 1}
    assert Counter(world.calls())["DescribeLocationS3"] == 2
    assert found["status"]["taskArn"] == world.leftovers()["tasks"][0]
    assert found["status"]["observed"]["task"]["status"] == "AVAILABLE"

    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    assert Counter(world.calls(reads=False)) - made == {
        "DeleteTask": 1,
        "DeleteLocation": 2,
        "DeleteRolePolicy": 2,
        "DeleteRole": 2,
    }
    assert world.leftovers() == NOTHING
