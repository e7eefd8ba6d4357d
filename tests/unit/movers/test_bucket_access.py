"""A bucket that DataSync does not reach: the message holds the policy, or the Region, that would help."""

from __future__ import annotations

import json

from datamover_operator.aws.failure import FailureKind
from tests.unit.movers.given import SPEC, failing, told
from tests.unit.movers.world import World

_HINT = "in another AWS account, its bucket policy must hold: "


def test_the_policy_of_anothers_bucket_is_told_for_the_role_that_is_used() -> None:
    with World(SPEC) as world:
        world.settle()
        world.pass_time(3600)  # no role is new any more
        world.change(SPEC | {"destination": {"s3": {"s3BucketArn": "arn:aws:s3:::theirs"}}})
        with failing(world, "CreateLocation", FailureKind.BUCKET_NOT_ACCESSIBLE):
            world.reconcile()
            assert told(world, "Reconciling")["reason"] == "RolePropagating"
        world.pass_time(300)
        with failing(world, "CreateLocation", FailureKind.BUCKET_NOT_ACCESSIBLE):
            world.reconcile()
        message = str(told(world, "Stalled")["message"])
        assert message.startswith("spec.destination: CreateLocation: ")
        assert f"; if the bucket of spec.destination.s3 is {_HINT}" in message
        policy = json.loads(message.partition(_HINT)[2])
        role = world.sky.role(f"dm-{world.uid.replace('-', '')[:20]}-dst")
        assert role is not None
        for statement in policy["Statement"]:
            assert statement["Principal"] == {"AWS": role.arn}
            assert statement["Effect"] == "Allow"
        assert [each["Resource"] for each in policy["Statement"]] == ["arn:aws:s3:::theirs", "arn:aws:s3:::theirs/*"]
        assert "s3:PutObject" in policy["Statement"][1]["Action"]


def test_a_bucket_of_another_region_is_not_waited_for() -> None:
    with World(SPEC) as world, failing(world, "CreateLocation", FailureKind.OTHER_REGION, times=2):
        assert world.settle() == "Stalled"
        message = str(told(world, "Stalled")["message"])
        assert "DataMoverAccount 'dev' is for Region 'eu-central-1'" in message
        assert message.endswith("name a bucket in that Region")
