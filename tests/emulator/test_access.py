"""Whether DataSync gets at a bucket: the role, its trust, its policies, the bucket."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account

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
