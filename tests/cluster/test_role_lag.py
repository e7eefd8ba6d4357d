"""IAM is eventually consistent: for a while a new role is there for one call and not for the next."""

from __future__ import annotations

from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators

UNSEEN = {"error": {"code": "NoSuchEntity", "message": "The role cannot be found.", "status": 404}}


def test_a_new_role_that_iam_does_not_show_yet_is_not_made_twice(ready: World) -> None:
    emulator = ready.emulator
    ready.bucket("src2")
    made = len(emulator.journal(operation="CreateRole"))
    with emulator.fault("PutRolePolicy", count=2, **UNSEEN), emulator.fault("GetRole", count=4, **UNSEEN) as unseen:
        ready.s3_mover("fresh", source="src2")
        unseen.wait_hit(1)
        ready.wait_ready("fresh")
    assert len(emulator.journal(operation="CreateRole")) == made + 2
    assert len(ready.leftovers()["roles"]) == 4


def test_a_name_that_is_taken_by_what_iam_does_not_show_yet_gets_no_suffix(world: World, operator: Operators) -> None:
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    operator(settling_seconds=3, aws_call_timeout_seconds=2)
    world.wait_condition("DataMoverAccount", world.account, "Ready")
    lost = {"error": {"code": "ServiceFailure", "status": 500, "effect": True}}
    with world.emulator.fault("CreateRole", **lost), world.emulator.fault("GetRole", count=6, **UNSEEN) as unseen:
        world.s3_mover()
        unseen.wait_hit(6)
        world.wait_ready()
    assert len(world.leftovers()["roles"]) == 2
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    assert world.leftovers() == NOTHING


def test_a_mover_that_is_deleted_early_leaves_no_role(ready: World) -> None:
    emulator = ready.emulator
    with emulator.fault("DeleteRole", count=2, **UNSEEN), emulator.fault("GetRole", count=2, **UNSEEN) as unseen:
        ready.delete("DataMover", "m")
        ready.wait_gone("DataMover", "m")
        unseen.wait_hit(2)
    assert ready.leftovers() == NOTHING
