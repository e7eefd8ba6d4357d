"""From what AWS describes of a legacy mover to a DataMover, or to the reason why there is none."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_crds import LOCATIONS, DataMover, DataMoverAccount, References, parse
from datamover_operator.importing.translation import LegacyMover, NotAdoptableError, adopting_mover, is_legacy
from tests.support.location_cases import CASES, LocationCase

Json = dict[str, Any]

ARN = "arn:aws:datasync:us-east-1:123456789012"
TASK: Json = {"taskArn": f"{ARN}:task/task-0ee229c003ef4f0b8", "name": "latasync-2021", "status": "AVAILABLE"}
TAGS = {
    "spinup:org": "spindev",
    "spinup:spaceid": "abc-123",
    "spinup:type": "storage",
    "spinup:flavor": "datamover",
    "env": "sbx",
    "aws:cloudformation:stack-name": "s",
}
S3: Json = {
    "locationArn": f"{ARN}:location/loc-0379907909ce0b7d9",
    "locationUri": "s3://tester1234567890.example.com/in/",
    "s3StorageClass": "STANDARD_IA",
    "s3Config": {"bucketAccessRoleArn": "arn:aws:iam::123456789012:role/spinup/spindev/abc-123/r"},
}
EFS: Json = {
    "locationArn": f"{ARN}:location/loc-0126cee0d76502bb1",
    "locationUri": "efs://us-east-1.fs-01234567890123456/home/",
    "ec2Config": {
        "subnetArn": "arn:aws:ec2:us-east-1:123456789012:subnet/subnet-01234567890123456",
        "securityGroupArns": ["arn:aws:ec2:us-east-1:123456789012:security-group/sg-01234567890123456"],
    },
}


def account() -> DataMoverAccount:
    spec = {"accountId": "123456789012", "region": "us-east-1", "org": "spindev", "rest": {"namespace": "movers"}}
    return parse(DataMoverAccount, {"metadata": {"name": "old"}, "spec": spec})


def legacy(
    *, tags: dict[str, str] | None = None, source: Json = S3, destination: Json = EFS, **task: str
) -> LegacyMover:
    return LegacyMover(TASK | task, TAGS if tags is None else tags, {"source": source, "destination": destination})


def test_a_mover_that_can_be_adopted_is_written_as_it_is() -> None:
    found, other_name = adopting_mover(legacy(), account())
    mover = parse(DataMover, found)
    assert (mover.metadata.namespace, mover.metadata.name) == ("movers", "abc-123.latasync-2021")
    assert other_name != mover.metadata.name
    spec = found["spec"]
    assert isinstance(spec, dict)
    assert spec["accountRef"] == {"name": "old"}
    assert spec["name"] == "latasync-2021"
    assert spec["adopt"] == {"taskArn": TASK["taskArn"], "own": True}
    assert spec["runHistory"] == {"limit": 500, "maxAge": "30d"}
    assert spec["source"] == {
        "s3": {
            "s3BucketArn": "arn:aws:s3:::tester1234567890.example.com",
            "subdirectory": "/in/",
            "s3StorageClass": "STANDARD_IA",
        }
    }
    assert spec["destination"] == {
        "efs": {
            "efsFilesystemArn": "arn:aws:elasticfilesystem:us-east-1:123456789012:file-system/fs-01234567890123456",
            "subdirectory": "/home/",
            "ec2Config": EFS["ec2Config"],
        }
    }
    assert {tag.key: tag.value for tag in mover.spec.tags or ()} == {
        key: TAGS[key] for key in TAGS if key[:4] != "aws:"
    }
    assert not {"options", "includes", "excludes", "schedule"} & spec.keys()  # what nobody declares stays as it is


@pytest.mark.parametrize("side", ["source", "destination"])
def test_a_location_of_another_type_is_told(side: str) -> None:
    location = {"locationArn": f"{ARN}:location/loc-0126cee0d76502bb1", "locationUri": "ftp://example.com/"}
    with pytest.raises(NotAdoptableError) as told:
        adopting_mover(legacy(**{side: location}), account())  # type: ignore[arg-type]
    types = ", ".join(LOCATIONS)
    assert str(told.value) == f"its {side} is 'ftp://example.com/': only locations of type {types} can be adopted"


@pytest.mark.parametrize("case", CASES, ids=str)
def test_every_type_can_be_taken_over_as_it_is_without_its_secrets(case: LocationCase) -> None:
    described = case.described | {"locationUri": case.uri, "locationArn": f"{ARN}:location/loc-0126cee0d76502bb1"}
    found, _ = adopting_mover(legacy(source=described, destination=S3), account())
    declared = parse(DataMover, found).spec.source.declared
    assert declared.uri == case.uri
    assert declared.change(described, (), References()) is None
    assert "creds" not in str(found)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (legacy(name=""), "has no name"),
        (legacy(tags={key: TAGS[key] for key in TAGS if key != "spinup:spaceid"}), "no tag 'spinup:spaceid'"),
        (legacy(source={}), "its source location is gone"),
        (legacy(tags=TAGS | {f"tag-{number}": "v" for number in range(43)}), "spec.tags"),
    ],
)
def test_what_else_can_t_be_adopted(found: LegacyMover, why: str) -> None:
    with pytest.raises(NotAdoptableError) as told:
        adopting_mover(found, account())
    assert why in str(told.value)


@pytest.mark.parametrize(
    ("tags", "org", "group", "is_one"),
    [
        (TAGS, "spindev", None, True),
        (TAGS, None, None, True),
        (TAGS, "spindev", "abc-123", True),
        (TAGS, "another", None, False),
        (TAGS, "spindev", "another", False),
        (TAGS | {"spinup:flavor": "volume"}, None, None, False),
        ({}, None, None, False),
    ],
)
def test_legacy_movers_are_told_by_their_tags(
    tags: dict[str, str], org: str | None, group: str | None, is_one: bool
) -> None:
    assert is_legacy(tags, org, group) is is_one


def test_locations_in_another_partition_keep_it() -> None:
    arn = TASK["taskArn"].replace("arn:aws:", "arn:aws-us-gov:")
    spec: Any = adopting_mover(legacy(taskArn=arn), account())[0]["spec"]
    assert spec["source"]["s3"]["s3BucketArn"] == "arn:aws-us-gov:s3:::tester1234567890.example.com"
    assert spec["destination"]["efs"]["efsFilesystemArn"].startswith("arn:aws-us-gov:elasticfilesystem:us-east-1:")
