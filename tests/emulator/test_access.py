"""Whether DataSync gets at a bucket: the role, its trust, its policies, the bucket."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from botocore.awsrequest import AWSRequest
from botocore.exceptions import ClientError

from tests.emulator.conftest import new_account_number
from tests.support.account import Account
from tests.support.emulator import Emulator

READ = ("s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging")
WRITE = (*READ, "s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject")


def location(account: Account, bucket: str, role: str) -> str:
    return account.s3_location(bucket, S3Config={"BucketAccessRoleArn": role})


def refused(account: Account, message: str) -> pytest.RaisesExc[ClientError]:
    return pytest.raises(account.datasync.exceptions.InvalidRequestException, match=re.escape(message))


def test_a_role_that_does_not_exist(account: Account) -> None:
    role = f"arn:aws:iam::{account.number}:role/nobody"
    message = (
        "Unable to assume role. Reason: Access denied when calling sts:AssumeRole; "
        f"roleName=nobody, roleArn=arn:aws:iam::{account.number}:role/nobody"
    )
    with refused(account, message):
        location(account, account.bucket("data"), role)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"},
        {
            "Effect": "Allow",
            "Principal": {"Service": "datasync.amazonaws.com"},
            "Action": "sts:AssumeRole",
            "Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}},
        },
    ],
)
def test_a_role_that_does_not_trust_datasync(account: Account, statement: dict[str, Any]) -> None:
    role = account.role(trust={"Version": "2012-10-17", "Statement": [statement]})
    with refused(account, "Unable to assume role."):
        location(account, account.bucket("data"), role)


def test_a_role_that_trusts_datasync_for_this_account_alone(account: Account) -> None:
    condition = {
        "StringEquals": {"aws:SourceAccount": account.number},
        "ArnLike": {"aws:SourceArn": f"arn:aws:datasync:{account.region}:{account.number}:*"},
    }
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "datasync.amazonaws.com"},
        "Action": "sts:AssumeRole",
        "Condition": condition,
    }
    role = account.role(trust={"Version": "2012-10-17", "Statement": [statement]})
    location(account, account.bucket("data"), role)


def test_a_role_that_may_not_list_the_bucket(account: Account) -> None:
    message = (
        "DataSync location access test failed: could not perform s3:ListObjectsV2 on bucket. "
        "Ensure bucket access role has s3:ListBucket permission."
    )
    with refused(account, message):
        location(account, account.bucket("data"), account.role(actions=("s3:GetObject",)))


def test_a_bucket_that_does_not_exist(account: Account) -> None:
    with refused(account, "The bucket nowhere-to-be-found does not exist."):
        account.s3_location("nowhere-to-be-found")


def test_a_source_is_read_only_and_a_destination_is_written(account: Account) -> None:
    reader, writer = account.role("reader", actions=READ), account.role("writer", actions=WRITE)
    source = location(account, account.bucket("in"), reader)
    account.task(source, location(account, account.bucket("out"), writer))
    with refused(account, "could not perform s3:PutObject on bucket. Ensure bucket access role has s3:PutObject"):
        account.task(source, location(account, account.bucket("readonly"), reader))


@pytest.mark.parametrize("missing", ["s3:GetObjectTagging", "s3:PutObjectTagging"])
def test_object_tags_need_their_permissions_only_where_they_are_kept(account: Account, missing: str) -> None:
    role = account.role(actions=tuple(action for action in WRITE if action != missing))
    source = location(account, account.bucket("in"), role)
    destination = location(account, account.bucket("out"), role)
    with refused(account, f"could not perform {missing}"):
        account.task(source, destination)
    account.task(source, destination, Options={"ObjectTags": "NONE"})


def test_a_role_that_loses_its_policy_can_not_start_a_run(account: Account) -> None:
    role = account.role("loser", actions=WRITE)
    task = account.task(location(account, account.bucket("in"), role), account.efs_location())
    account.iam.delete_role_policy(RoleName="loser", PolicyName="access")
    with refused(account, "could not perform s3:ListObjectsV2"):
        account.start(task)


def test_a_permissions_boundary_narrows_what_a_role_may_do(account: Account) -> None:
    boundary = account.iam.create_policy(
        PolicyName="boundary",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}
        ),
    )["Policy"]["Arn"]
    role = account.role("bounded")
    bucket = account.bucket("data")
    location(account, bucket, role)
    account.iam.put_role_permissions_boundary(RoleName="bounded", PermissionsBoundary=boundary)
    with refused(account, "could not perform s3:ListObjectsV2"):
        location(account, bucket, role)


def test_an_attached_policy_counts_as_well(account: Account) -> None:
    role = account.role("attached", actions=("s3:GetObject",))
    policy = account.iam.create_policy(
        PolicyName="list",
        PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:List*", "Resource": "*"}]}
        ),
    )["Policy"]["Arn"]
    account.iam.attach_role_policy(RoleName="attached", PolicyArn=policy)
    location(account, account.bucket("data"), role)


def test_a_young_role_can_not_be_assumed_yet(strict_account: Account) -> None:
    account = strict_account
    bucket, role = account.bucket("data"), account.role()
    with refused(account, "Unable to assume role."):
        location(account, bucket, role)
    account.emulator.advance_clock(3601)
    location(account, bucket, role)


def test_file_systems_must_exist_if_so_told(strict_account: Account) -> None:
    with refused(strict_account, "File system fs-0123456789abcdef0 does not exist"):
        strict_account.efs_location()
    strict_account.efs_folder()
    strict_account.efs_location()


def test_a_location_with_objects_is_read_when_it_is_made(account: Account) -> None:
    lister = account.role("lister", actions=("s3:ListBucket",))
    location(account, account.bucket("empty"), lister)
    bucket = account.bucket("data", **{"in/file": b"x"})
    message = "could not perform s3:GetObject on bucket. Ensure bucket access role has s3:GetObject permission."
    with refused(account, message):
        location(account, bucket, lister)
    account.s3_location(bucket, Subdirectory="/elsewhere", S3Config={"BucketAccessRoleArn": lister})


# Buckets of other accounts, and bucket policies


def statement(effect: str, role: str, bucket: str, **more: object) -> dict[str, Any]:
    resources = [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]
    return {"Effect": effect, "Principal": {"AWS": role}, "Action": "s3:*", "Resource": resources, **more}


def put_policy(account: Account, bucket: str, *statements: dict[str, Any]) -> None:
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    account.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))


def test_another_accounts_bucket_needs_a_bucket_policy_that_names_the_role(
    account: Account, emulator: Emulator
) -> None:
    owner = Account(emulator, new_account_number())
    bucket = owner.bucket("theirs")
    with refused(account, "could not perform s3:ListObjectsV2"):
        account.s3_location(bucket)
    put_policy(owner, bucket, statement("Allow", f"arn:aws:iam::{account.number}:role/other", bucket))
    with refused(account, "could not perform s3:ListObjectsV2"):
        account.s3_location(bucket)
    put_policy(owner, bucket, statement("Allow", account.any_role, bucket))
    account.s3_location(bucket)
    put_policy(owner, bucket, statement("Allow", f"arn:aws:iam::{account.number}:root", bucket))
    account.s3_location(bucket)


def test_a_bucket_policy_can_shut_the_role_out(account: Account) -> None:
    bucket = account.bucket("data")
    put_policy(account, bucket, statement("Deny", "*", bucket))
    with refused(account, "could not perform s3:ListObjectsV2"):
        account.s3_location(bucket)
    unless = {"ArnNotEquals": {"aws:PrincipalArn": account.any_role}}
    put_policy(account, bucket, statement("Deny", "*", bucket, Condition=unless))
    account.s3_location(bucket)


def test_within_the_account_a_bucket_policy_may_allow_what_the_role_does_not(account: Account) -> None:
    bucket, role = account.bucket("data"), account.role("bare", actions=("iam:GetRole",))
    with refused(account, "could not perform s3:ListObjectsV2"):
        location(account, bucket, role)
    put_policy(account, bucket, statement("Allow", role, bucket))
    location(account, bucket, role)


# Access points


def access_point(account: Account, bucket: str) -> str:
    control = account.client("s3control")

    def without_account_in_host(request: AWSRequest, **_: object) -> None:
        request.url = (request.url or "").replace(f"//{account.number}.", "//")

    control.meta.events.register("before-sign.s3-control", without_account_in_host)
    control.create_access_point(AccountId=account.number, Name="entrance", Bucket=bucket)
    return f"arn:aws:s3:{account.region}:{account.number}:accesspoint/entrance"


def test_an_access_point_leads_to_its_bucket(account: Account) -> None:
    bucket, target = account.bucket("data", **{"in/file": b"content"}), account.bucket("target")
    arn = access_point(account, bucket)
    created = account.datasync.create_location_s3(
        S3BucketArn=arn, Subdirectory="/in", S3Config={"BucketAccessRoleArn": account.any_role}
    )
    described = account.datasync.describe_location_s3(LocationArn=created["LocationArn"])
    assert described["LocationUri"] == f"s3://{arn}/in/"
    run = account.ended(account.start(account.task(created["LocationArn"], account.s3_location(target))))
    assert run["Status"] == "SUCCESS"
    assert account.s3.get_object(Bucket=target, Key="file")["Body"].read() == b"content"


def test_an_access_points_permissions_are_asked_of_its_own_arn(account: Account) -> None:
    arn = access_point(account, account.bucket("data", file=b"content"))
    role = account.role("entrance", actions=("s3:ListBucket",))

    def create(*resources: str) -> None:
        allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": list(resources)}
        policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
        account.iam.put_role_policy(RoleName="entrance", PolicyName="access", PolicyDocument=policy)
        account.datasync.create_location_s3(S3BucketArn=arn, S3Config={"BucketAccessRoleArn": role})

    with refused(account, "could not perform s3:GetObject"):
        create(arn)
    create(arn, f"{arn}/object/*")


def test_an_access_point_that_does_not_exist(account: Account) -> None:
    arn = f"arn:aws:s3:{account.region}:{account.number}:accesspoint/nowhere"
    with refused(account, f"The bucket {arn} does not exist."):
        account.datasync.create_location_s3(S3BucketArn=arn, S3Config={"BucketAccessRoleArn": account.any_role})


# Reports and manifests


def report(bucket: str, role: str) -> dict[str, Any]:
    return {"Destination": {"S3": {"S3BucketArn": f"arn:aws:s3:::{bucket}", "BucketAccessRoleArn": role}}}


def manifest(bucket: str, role: str) -> dict[str, Any]:
    source = {"S3BucketArn": f"arn:aws:s3:::{bucket}", "BucketAccessRoleArn": role, "ManifestObjectPath": "list.csv"}
    return {"Source": {"S3": source}}


@pytest.mark.parametrize(
    ("member", "config", "action"),
    [("TaskReportConfig", report, "s3:PutObject"), ("ManifestConfig", manifest, "s3:GetObject")],
)
def test_the_buckets_of_reports_and_manifests_are_tested(
    account: Account, member: str, config: Callable[[str, str], dict[str, Any]], action: str
) -> None:
    bucket = account.bucket("extra")
    powerless = account.role("powerless", actions=("s3:ListBucket",))
    message = f"DataSync bucket access test failed: could not perform {action} in bucket {bucket}. Access denied."
    with refused(account, message):
        account.efs_task(**{member: config(bucket, powerless)})
    with refused(account, "The bucket does not exist."):
        account.efs_task(**{member: config("nowhere-to-be-found", account.any_role)})
    with refused(account, "Unable to assume role."):
        account.efs_task(**{member: config(bucket, f"arn:aws:iam::{account.number}:role/nobody")})
    task = account.efs_task(**{member: config(bucket, account.any_role)})
    update_task: Callable[..., object] = account.datasync.update_task
    with refused(account, message):
        update_task(TaskArn=task, **{member: config(bucket, powerless)})
    with refused(account, message):
        account.start(task, **{member: config(bucket, powerless)})


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"ManifestConfig": {"Action": "TRANSFER", "Format": "CSV"}}, "manifestConfig.source"),
        ({"TaskReportConfig": {"OutputType": "STANDARD"}}, "taskReportConfig.destination"),
    ],
)
def test_a_report_needs_a_destination_and_a_manifest_a_source(
    account: Account, config: dict[str, Any], path: str
) -> None:
    with pytest.raises(ClientError, match=re.escape(f"Value null at '{path}'")) as caught:
        account.efs_task(**config)
    assert caught.value.response["Error"]["Code"] == "ValidationException"
