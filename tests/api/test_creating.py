"""From a create request to a DataMover, and the older service's checks in their order."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_api.legacy.creating import IllFormedError, InvalidRequestError, new_mover, role_name
from datamover_api.legacy.wire import CreateMover
from datamover_crds import DataMover, dump
from tests.api.samples import account

S3 = {"Type": "S3", "S3": {"S3BucketArn": "arn:aws:s3:::from.example.com", "Subdirectory": "/"}}
NETWORK = {
    "SecurityGroupArns": ["arn:aws:ec2:eu-central-1:111122223333:security-group/sg-0a"],
    "SubnetArn": "arn:aws:ec2:eu-central-1:111122223333:subnet/subnet-0a",
}
FILE_SYSTEM = "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-0123456789abcdef0"
EFS = {"Type": "EFS", "EFS": {"EfsFilesystemArn": FILE_SYSTEM, "Subdirectory": "/in", **NETWORK}}


def made(group: str = "abc-123", org: str | None = "spindev", **members: object) -> DataMover:
    body = {"Name": "nightly", "Source": S3, "Destination": EFS} | members
    return new_mover(CreateMover.model_validate(body), group, account(org=org))[0]


def test_a_request_becomes_what_the_older_service_made() -> None:
    mover = made(Tags=[{"Key": "env", "Value": "sbx"}])
    assert (mover.metadata.name, mover.metadata.namespace) == ("abc-123.nightly", "rest")
    assert mover.metadata.labels["datamover.io/origin"] == "rest"
    spec = dump(mover.spec)
    assert {key: spec[key] for key in ("accountRef", "name", "source", "destination", "tags", "options")} == {
        "accountRef": {"name": "dev"},
        "name": "nightly",
        "source": {
            "s3": {
                "s3BucketArn": "arn:aws:s3:::from.example.com",
                "subdirectory": "/",
                "accessRole": {
                    "name": role_name("nightly", "arn:aws:s3:::from.example.com"),
                    "path": "/spinup/spindev/abc-123/",
                },
            }
        },
        "destination": {
            "efs": {
                "efsFilesystemArn": FILE_SYSTEM,
                "subdirectory": "/in",
                "ec2Config": {
                    "securityGroupArns": NETWORK["SecurityGroupArns"],
                    "subnetArn": NETWORK["SubnetArn"],
                },
            }
        },
        "tags": [
            {"key": "env", "value": "sbx"},
            {"key": "spinup:org", "value": "spindev"},
            {"key": "spinup:spaceid", "value": "abc-123"},
            {"key": "spinup:type", "value": "storage"},
            {"key": "spinup:flavor", "value": "datamover"},
        ],
        "options": {
            "preserveDeletedFiles": "PRESERVE",
            "transferMode": "CHANGED",
            "verifyMode": "ONLY_FILES_TRANSFERRED",
        },
    }
    assert spec["runHistory"] == {"limit": 500, "maxAge": "30d"}


def test_the_role_is_named_by_the_crc_32_of_the_bucket() -> None:
    assert role_name("m", "arn:aws:s3:::123456789") == "m-cbf43926"  # CRC-32's check value


def test_clients_change_neither_our_tags_nor_aws_own() -> None:
    taken = ["spinup:org", "spinup:spaceid", "spinup:type", "spinup:flavor", "aws:cloudformation:stack-id", "AWS:x"]
    mover = made(Tags=[{"Key": key, "Value": "stolen"} for key in taken] + [{"Key": "mine"}])
    assert {tag.key: tag.value for tag in mover.spec.tags or ()} == {
        "spinup:org": "spindev",
        "spinup:spaceid": "abc-123",
        "spinup:type": "storage",
        "spinup:flavor": "datamover",
        "mine": "",
    }


def test_without_an_organisation_there_is_no_tag_and_no_step_of_the_path() -> None:
    mover = made(org=None, Tags=[{"Key": "spinup:org", "Value": "stolen"}])
    assert "spinup:org" not in {tag.key for tag in mover.spec.tags or ()}
    assert mover.spec.source.s3 is not None
    assert mover.spec.source.s3.access_role is not None
    assert mover.spec.source.s3.access_role.path == "/spinup/abc-123/"


TAG_VALUE = "must be the value of a tag, such as team-a: letters, digits, spaces and + - = . _ : / @"


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"Name": None, "Source": None}, "Name is a required field"),
        ({"Name": ""}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Name": "x" * 41 + "!", "Source": None}, "Name cannot exceed 40 characters "),
        ({"Name": "a_b", "Source": None}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Name": "a\n"}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Name": "é"}, "Name doesn't match regex ^[a-zA-Z0-9-]+$"),
        ({"Source": None}, "Source and Destination are required"),
        ({"Destination": None}, "Source and Destination are required"),
        ({"Source": {}}, "Source and Destination are required"),
        ({"Source": {"Type": "", "S3": {}}}, "Source and Destination are required"),
    ],
)
def test_the_older_service_s_checks_in_their_order(members: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        made(**members)
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("members", "step", "message"),
    [
        ({"Source": {"Type": "NFS"}}, "source", "Source.Type: 'NFS': must be S3 or EFS"),
        ({"Source": {"Type": "s3", "S3": {}}}, "source", "Source.Type: 's3': must be S3 or EFS"),
        (
            {"Destination": {"Type": "EFS", "S3": {}}},
            "destination",
            "Destination.EFS is required where Destination.Type is EFS",
        ),
        (
            {"Source": {"Type": "S3", "S3": {}}},
            "source",
            'Source.S3.S3BucketArn: "": must have at least 5 characters',
        ),
        (
            {"Source": {"Type": "S3", "S3": {"S3BucketArn": "bucket"}}},
            "source",
            'Source.S3.S3BucketArn: "bucket": must be an ARN, which starts with arn:',
        ),
        (
            {"Destination": {"Type": "EFS", "EFS": NETWORK | {"EfsFilesystemArn": FILE_SYSTEM, "SubnetArn": "subnet"}}},
            "destination",
            'Destination.EFS.SubnetArn: "subnet": must be an ARN, which starts with arn:',
        ),
        (
            {"Tags": [{"Key": "a", "Value": "é"}]},
            "source",
            f'Tags[0].Value: "é": {TAG_VALUE}',
        ),
        ({"Tags": [{"Value": "v"}]}, "source", 'Tags[0].Key: "": must have at least 1 characters'),
        (
            {"group": "größe"},
            "source",
            "group 'größe': must be 1 to 256 characters of A-Z, a-z, 0-9, space and +=._:@-",
        ),
        (
            {"group": "a b"},
            "source",
            'group: "/spinup/spindev/a b/": an IAM path must hold printable ASCII characters, without a space',
        ),
    ],
)
def test_what_can_t_be_carried_out_fails_a_step_by_the_client_s_own_names(
    members: dict[str, Any], step: str, message: str
) -> None:
    with pytest.raises(IllFormedError) as refused:
        made(**members)
    assert (refused.value.step, str(refused.value)) == (step, message)


@given(st.from_regex(r"[a-zA-Z0-9-]{1,40}", fullmatch=True), st.text("abAB09+=._:@-", min_size=1, max_size=256))
def test_every_name_and_group_of_the_older_service_makes_a_mover(name: str, group: str) -> None:
    mover = made(group=group, Name=name)
    assert mover.spec.name == name
    assert {tag.key: tag.value for tag in mover.spec.tags or ()}["spinup:spaceid"] == group
