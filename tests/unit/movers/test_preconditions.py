"""What can't be carried out is said before any call goes to AWS, with the field to change (I5, I6)."""

from __future__ import annotations

import pytest

from datamover_crds import JsonObject
from tests.support.specs import ACCESS_POINT, FILE_SYSTEM, NETWORK, ROLE, TASK, efs, s3
from tests.unit.movers.given import NOTHING, ONE_OF_EACH, SPEC, Spec, counts, spec, told
from tests.unit.movers.sky import REGION
from tests.unit.movers.world import GRANT_ALL, World

TLS = {"inTransitEncryption": "TLS1_2"}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"source": s3(s3BucketArn="arn:aws:s3:::no_bucket!")}, "spec.source.s3.s3BucketArn"),
        ({"source": s3(accessRole={"arn": "arn:aws:iam::1:role/short"})}, "spec.source.s3.accessRole.arn"),
        (
            {"destination": efs(efsFilesystemArn="arn:aws:elasticfilesystem:eu:1:fs")},
            "spec.destination.efs.efsFilesystemArn",
        ),
        (
            {"destination": efs(ec2Config=NETWORK | {"subnetArn": "arn:aws:ec2:eu:1:subnet/x"})},
            "spec.destination.efs.ec2Config.subnetArn",
        ),
        (
            {
                "destination": efs(
                    ec2Config=NETWORK
                    | {"securityGroupArns": [*NETWORK["securityGroupArns"], "arn:aws:ec2:eu:1:security-group/x"]}
                )
            },
            "spec.destination.efs.ec2Config.securityGroupArns[1]",
        ),
        (
            {"destination": efs(**TLS, accessPointArn="arn:aws:elasticfilesystem:eu:1:access-point/x")},
            "spec.destination.efs.accessPointArn",
        ),
        (
            {"destination": efs(**TLS, accessPointArn=ACCESS_POINT, fileSystemAccessRoleArn="arn:aws:iam::1:role/x")},
            "spec.destination.efs.fileSystemAccessRoleArn",
        ),
        ({"cloudWatchLogGroupArn": "arn:aws:logs:eu:1:log-group:x"}, "spec.cloudWatchLogGroupArn"),
        ({"adopt": {"taskArn": "arn:aws:datasync:eu:1:task/x"}}, "spec.adopt.taskArn"),
        (
            {
                "source": s3(accessRole={"name": "r", "path": "/a/"}),
                "destination": s3(s3BucketArn="arn:aws:s3:::to", accessRole={"name": "R", "path": "/b/"}),
            },
            "spec.destination.s3.accessRole.path",
        ),
    ],
)
def test_a_mistake_is_told_with_its_field(members: Spec, field: str) -> None:
    with World(spec(**members)) as world:
        reads: list[str] = []
        world.sky.on_read = reads.append
        assert world.settle() == "Stalled"
        stalled = told(world, "Stalled")
        assert stalled["reason"] == "InvalidSpec"
        assert str(stalled["message"]).startswith(f"{field}: ")
        assert (reads, counts(world)) == ([], NOTHING)
        world.change(SPEC)
        assert world.settle() == "Ready"


@pytest.mark.parametrize(
    ("grant", "members", "field"),
    [
        ({"namespaces": ["team-b"], "locations": ["*"]}, {}, "spec.accountRef.name"),
        ({"namespaces": ["team-a"], "locations": []}, {}, "spec.source"),
        ({"namespaces": ["team-"], "locations": ["*"]}, {}, "spec.accountRef.name"),
        ({"namespaces": ["*"], "locations": ["s3://src/*"]}, {}, "spec.destination"),
        ({"namespaces": ["*"], "locations": ["s3://src*", "s3://dst"]}, {}, "spec.destination"),
        (
            {"namespaces": ["*"], "locations": ["*"]},
            {"source": s3(accessRole={"arn": ROLE})},
            "spec.source.s3.accessRole.arn",
        ),
        (
            {"namespaces": ["*"], "locations": ["*"], "roleArns": [f"{ROLE}s*"]},
            {"destination": efs(**TLS, fileSystemAccessRoleArn=ROLE)},
            "spec.destination.efs.fileSystemAccessRoleArn",
        ),
        ({"namespaces": ["team-b"], "locations": ["*"]}, {"adopt": {"taskArn": TASK}}, "spec.accountRef.name"),
    ],
)
def test_what_is_not_granted_is_not_even_looked_at(grant: JsonObject, members: Spec, field: str) -> None:
    with World(spec(**members), grants=[grant]) as world:
        reads: list[str] = []
        world.sky.on_read = reads.append
        assert world.settle() == "Stalled"
        stalled = told(world, "Stalled")
        assert stalled["reason"] == "NotGranted"
        assert str(stalled["message"]).startswith(f"{field}: ")
        assert (reads, counts(world)) == ([], NOTHING)
        if not members:
            world.grant([GRANT_ALL])
            assert world.settle() == "Ready"


STORE = f"efs://{REGION}.{FILE_SYSTEM.rsplit('/', 1)[-1]}"


@pytest.mark.parametrize(
    ("pattern", "state"),
    [
        (f"{STORE}/team-a/*", "Stalled"),
        (f"{STORE}/", "Stalled"),
        (f"{STORE}*/", "Stalled"),
        (f"{STORE}/*", "Ready"),
        ("efs://*", "Ready"),
        (ACCESS_POINT, "Ready"),
        (f"{ACCESS_POINT[:-1]}1", "Stalled"),
    ],
)
def test_a_folder_behind_an_access_point_may_be_anywhere_in_the_file_system(pattern: str, state: str) -> None:
    grants: list[JsonObject] = [{"namespaces": ["team-a"], "locations": ["s3://*", pattern]}]
    destination = efs(**TLS, accessPointArn=ACCESS_POINT, subdirectory="/team-a/")
    with World(spec(destination=destination), grants=grants) as world:
        assert world.settle() == state
        if state == "Stalled":
            message = str(told(world, "Stalled")["message"])
            assert message.startswith("spec.destination.efs.accessPointArn: ")
            assert ACCESS_POINT in message
            assert f"'{STORE}/*'" in message
            assert counts(world) == NOTHING


def test_a_grant_counts_for_its_own_namespaces_alone() -> None:
    ours: JsonObject = {"namespaces": ["team-a"], "locations": ["s3://src/*"]}
    theirs: JsonObject = {"namespaces": ["team-b"], "locations": ["s3://dst/*"]}
    with World(SPEC, grants=[ours, theirs]) as world:
        assert world.settle() == "Stalled"
        world.grant([ours, theirs | {"namespaces": ["team-b", "team-a"]}])
        assert world.settle() == "Ready"


def test_cleaning_up_needs_no_grant() -> None:
    with World(SPEC) as world:
        world.settle()
        world.grant([{"namespaces": ["elsewhere"], "locations": ["*"]}])
        assert world.settle() == "Stalled"
        assert counts(world) == ONE_OF_EACH
        world.delete()
        assert world.settle() == "Gone"
        assert counts(world) == NOTHING


def test_the_account_has_to_be_there_and_ready() -> None:
    with World(SPEC) as world:
        world.accountless = True
        world.reconcile()
        assert told(world, "Stalled")["reason"] == "AccountNotFound"
        assert "DataMoverAccount 'dev' does not exist" in str(told(world, "Stalled")["message"])
        world.accountless, world.connected = False, False
        world.look_closely()
        world.reconcile()
        assert told(world, "Reconciling")["reason"] == "AccountNotReady"
        world.connected = True
        assert world.settle() == "Ready"
