"""Accounts and regions: each has its own, and a role assumed elsewhere leads there."""

from __future__ import annotations

import boto3
import pytest

from tests.emulator.conftest import new_account_number
from tests.support.account import Account
from tests.support.emulator import Emulator


def test_accounts_and_regions_do_not_see_each_other(account: Account, emulator: Emulator) -> None:
    location = account.efs_location()
    stranger, elsewhere = Account(emulator, new_account_number()), Account(emulator, account.number, region="us-east-1")
    for other, reason in ((stranger, rf"ARN account \({account.number}\) must match"), (elsewhere, "not found")):
        assert other.datasync.list_locations()["Locations"] == []
        assert other.tagging.get_resources()["ResourceTagMappingList"] == []
        with pytest.raises(other.datasync.exceptions.InvalidRequestException, match=reason):
            other.datasync.delete_location(LocationArn=location)
    assert [entry["LocationArn"] for entry in account.datasync.list_locations()["Locations"]] == [location]


def test_an_assumed_role_works_in_its_own_account(account: Account, emulator: Emulator) -> None:
    target = Account(emulator, new_account_number())
    target.role("operator")
    credentials = account.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{target.number}:role/operator", RoleSessionName="test", ExternalId="secret-id"
    )["Credentials"]
    session = boto3.Session(
        credentials["AccessKeyId"], credentials["SecretAccessKey"], credentials["SessionToken"], account.region
    )
    sts = session.client("sts", endpoint_url=emulator.endpoint)
    assert sts.get_caller_identity()["Account"] == target.number
    location = target.efs_location()
    datasync = session.client("datasync", endpoint_url=emulator.endpoint)
    assert [entry["LocationArn"] for entry in datasync.list_locations()["Locations"]] == [location]
    iam = session.client("iam", endpoint_url=emulator.endpoint)
    assert [role["RoleName"] for role in iam.list_roles()["Roles"]] == ["operator"]


def test_a_users_key_speaks_for_the_account_it_was_made_in(account: Account, emulator: Emulator) -> None:
    account.iam.create_user(UserName="someone")
    key = account.iam.create_access_key(UserName="someone")["AccessKey"]
    datasync = boto3.client(
        "datasync",
        endpoint_url=emulator.endpoint,
        region_name=account.region,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    location = account.efs_location()
    assert [entry["LocationArn"] for entry in datasync.list_locations()["Locations"]] == [location]


def test_any_other_key_is_the_default_accounts(emulator: Emulator) -> None:
    sts = emulator.client("sts", account="AKIAIOSFODNN7EXAMPLE")
    assert sts.get_caller_identity()["Account"] == "123456789012"
