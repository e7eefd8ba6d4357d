"""Locations: creating, describing, updating, deleting, listing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account


@pytest.mark.parametrize(
    ("subdirectory", "path"),
    [(None, "/"), ("/", "/"), ("/test", "/test/"), ("test/deep/", "/test/deep/"), ("/a//b", "/a/b/")],
)
def test_an_s3_location_reads_back_as_a_uri(account: Account, subdirectory: str | None, path: str) -> None:
    bucket = account.bucket("data")
    given = {} if subdirectory is None else {"Subdirectory": subdirectory}
    arn = account.s3_location(bucket, **given)
    described = account.datasync.describe_location_s3(LocationArn=arn)
    assert described["LocationUri"] == f"s3://{bucket}{path}"
    assert described["S3StorageClass"] == "STANDARD"
    assert described["S3Config"] == {"BucketAccessRoleArn": account.any_role}
    assert re.fullmatch(rf"arn:aws:datasync:eu-central-1:{account.number}:location/loc-[0-9a-z]{{17}}", arn)


def test_an_efs_location_shows_all_that_was_given(account: Account) -> None:
    access_point = f"arn:aws:elasticfilesystem:eu-central-1:{account.number}:access-point/fsap-0123456789abcdef0"
    arn = account.efs_location(Subdirectory="/in", AccessPointArn=access_point, InTransitEncryption="TLS1_2")
    described = account.datasync.describe_location_efs(LocationArn=arn)
    assert described["LocationUri"] == "efs://eu-central-1.fs-0123456789abcdef0/in/"
    assert described["AccessPointArn"] == access_point
    assert described["InTransitEncryption"] == "TLS1_2"
    assert described["Ec2Config"]["SubnetArn"].endswith("subnet/subnet-0a1b2c3d")


def test_updates_change_what_is_given_and_keep_the_rest(account: Account) -> None:
    arn = account.s3_location(account.bucket("data"), Subdirectory="/old", S3StorageClass="STANDARD_IA")
    account.datasync.update_location_s3(LocationArn=arn, Subdirectory="/new")
    described = account.datasync.describe_location_s3(LocationArn=arn)
    assert described["LocationUri"].endswith("/new/")
    assert described["S3StorageClass"] == "STANDARD_IA"


def test_an_empty_role_clears_an_efs_locations_role(account: Account) -> None:
    role = f"arn:aws:iam::{account.number}:role/mount"
    arn = account.efs_location(FileSystemAccessRoleArn=role, InTransitEncryption="TLS1_2")
    account.datasync.update_location_efs(LocationArn=arn, FileSystemAccessRoleArn="", InTransitEncryption="NONE")
    described = dict(account.datasync.describe_location_efs(LocationArn=arn))
    assert "FileSystemAccessRoleArn" not in described
    assert described["InTransitEncryption"] == "NONE"


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"FileSystemAccessRoleArn": "arn:aws:iam::111122223333:role/r"}, "FileSystemAccessRoleArn needs"),
        ({"Subdirectory": "/../../etc"}, "contains '.' or '..'"),
    ],
)
def test_efs_locations_that_datasync_refuses(account: Account, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=re.escape(message)):
        account.efs_location(**parameters)


def test_a_file_system_of_another_region_is_refused(account: Account) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="must be in eu-central-1"):
        account.datasync.create_location_efs(
            EfsFilesystemArn=f"arn:aws:elasticfilesystem:us-east-1:{account.number}:file-system/fs-0123456789abcdef0",
            Ec2Config={
                "SubnetArn": f"arn:aws:ec2:us-east-1:{account.number}:subnet/subnet-0a",
                "SecurityGroupArns": [f"arn:aws:ec2:us-east-1:{account.number}:security-group/sg-0a"],
            },
        )


def test_what_is_deleted_is_not_found(account: Account) -> None:
    arn = account.efs_location()
    account.datasync.delete_location(LocationArn=arn)
    for call in (account.datasync.describe_location_efs, account.datasync.delete_location):
        with pytest.raises(ClientError, match="is not found") as refused:
            call(LocationArn=arn)
        assert refused.value.response["Error"]["Code"] == "InvalidRequestException"
        assert dict(refused.value.response)["errorCode"] == "InvalidParameter"


def test_a_location_is_of_one_type(account: Account) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="of type Efs, not S3"):
        account.datasync.describe_location_s3(LocationArn=account.efs_location())


def test_a_location_in_use_stays(account: Account) -> None:
    source, destination = account.efs_location("fs-0aaaaaaaaaaaaaaaa"), account.efs_location("fs-0bbbbbbbbbbbbbbbb")
    task = account.task(source, destination)
    for arn in (source, destination):
        with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="in use"):
            account.datasync.delete_location(LocationArn=arn)
    account.datasync.delete_task(TaskArn=task)
    for arn in (source, destination):
        account.datasync.delete_location(LocationArn=arn)


def test_listing_goes_by_pages_and_shows_each_once(account: Account) -> None:
    made = [account.efs_location(Subdirectory=f"/{number}") for number in range(7)]
    pages = list(account.datasync.get_paginator("list_locations").paginate(PaginationConfig={"PageSize": 3}))
    assert [len(page["Locations"]) for page in pages] == [3, 3, 1]
    assert [entry["LocationArn"] for page in pages for entry in page["Locations"]] == made


def test_a_page_stays_right_when_locations_go_meanwhile(account: Account) -> None:
    made = [account.efs_location(Subdirectory=f"/{number}") for number in range(4)]
    first = account.datasync.list_locations(MaxResults=2)
    account.datasync.delete_location(LocationArn=made[0])
    rest = account.datasync.list_locations(NextToken=first["NextToken"])
    assert [entry["LocationArn"] for entry in rest["Locations"]] == made[2:]


def test_filters_choose_by_uri_type_and_time(account: Account) -> None:
    bucket = account.bucket("data")
    s3, efs = account.s3_location(bucket, Subdirectory="/a"), account.efs_location()

    def found(name: str, operator: str, *values: str) -> list[str]:
        rule: Any = {"Name": name, "Operator": operator, "Values": list(values)}
        return [entry["LocationArn"] for entry in account.datasync.list_locations(Filters=[rule])["Locations"]]

    assert found("LocationType", "Equals", "S3") == [s3]
    assert found("LocationType", "NotEquals", "S3") == [efs]
    assert found("LocationUri", "BeginsWith", f"s3://{bucket}/") == [s3]
    assert found("LocationUri", "In", f"s3://{bucket}/a/", "efs://eu-central-1.fs-0123456789abcdef0/") == [s3, efs]
    assert found("LocationUri", "NotContains", bucket) == [efs]
    assert found("CreationTime", "GreaterThan", "2999-01-01T00:00:00Z") == []
    assert found("CreationTime", "LessThanOrEqual", "2999-01-01T00:00:00Z") == [s3, efs]
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="'soon' is no time"):
        found("CreationTime", "Equals", "soon")


def test_a_token_from_elsewhere_is_refused(account: Account) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="Invalid NextToken"):
        account.datasync.list_locations(NextToken="abc")
