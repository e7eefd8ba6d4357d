"""The journal of calls."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account
from tests.support.emulator import Emulator


def test_calls_of_every_service_are_written_down(account: Account) -> None:
    bucket = account.bucket("data", **{"a/b.txt": b"x"})
    account.role("r")
    account.s3.list_objects_v2(Bucket=bucket, Prefix="a/")
    account.s3.copy_object(Bucket=bucket, Key="c", CopySource={"Bucket": bucket, "Key": "a/b.txt"})
    upload = account.s3.create_multipart_upload(Bucket=bucket, Key="m")["UploadId"]
    account.s3.upload_part(Bucket=bucket, Key="m", PartNumber=1, UploadId=upload, Body=b"x")
    account.client("sqs").create_queue(QueueName="q")
    account.client("events").list_rules()
    account.client("sts").get_caller_identity()
    account.efs_location()
    account.tagging.get_resources()
    entries = account.emulator.journal(account=account.number)
    assert [(entry["service"], entry["operation"]) for entry in entries] == [
        ("s3", "CreateBucket"),
        ("s3", "PutObject"),
        ("iam", "CreateRole"),
        ("iam", "PutRolePolicy"),
        ("s3", "ListObjectsV2"),
        ("s3", "CopyObject"),
        ("s3", "CreateMultipartUpload"),
        ("s3", "UploadPart"),
        ("sqs", "CreateQueue"),
        ("events", "ListRules"),
        ("sts", "GetCallerIdentity"),
        ("datasync", "CreateLocationEfs"),
        ("tagging", "GetResources"),
    ]
    assert entries[1]["params"] == {"Bucket": bucket, "Key": "a/b.txt"}
    assert entries[2]["params"]["RoleName"] == "r"
    assert {entry["status"] for entry in entries} == {200}
    assert {entry["region"] for entry in entries} == {"eu-central-1"}
    assert [entry["seq"] for entry in entries] == sorted(entry["seq"] for entry in entries)


def test_an_error_shows_its_code(account: Account) -> None:
    with pytest.raises(ClientError):
        account.iam.get_role(RoleName="nobody")
    with pytest.raises(ClientError) as refused:
        account.s3_location("nowhere")
    role, *_, location = account.emulator.journal(account=account.number)
    assert (role["status"], role["error"]) == (404, "NoSuchEntity")
    assert (location["status"], location["error"]) == (400, "InvalidRequestException")
    assert location["requestId"] == refused.value.response["ResponseMetadata"]["RequestId"]


def test_it_is_read_from_a_number_on_and_by_trait(account: Account) -> None:
    account.efs_location()
    (first,) = account.emulator.journal(account=account.number)
    account.datasync.list_tasks()
    account.iam.list_roles()
    later = account.emulator.journal(first["seq"], account=account.number)
    assert [entry["operation"] for entry in later] == ["ListTasks", "ListRoles"]
    chosen = account.emulator.journal(service="iam", account=account.number)
    assert [entry["operation"] for entry in chosen] == ["ListRoles"]
    with pytest.raises(AssertionError, match=r"400 .*'colour' is not known"):
        account.emulator.journal(colour="red")


def test_secrets_stay_out_of_it(account: Account, emulator: Emulator) -> None:
    account.client("sts").assume_role_with_web_identity(
        RoleArn=f"arn:aws:iam::{account.number}:role/web", RoleSessionName="someone", WebIdentityToken="open-sesame"
    )
    with pytest.raises(ClientError):
        account.datasync.create_location_smb(
            ServerHostname="h", Subdirectory="/", Password="open-sesame", AgentArns=["arn:aws:datasync:x:1:agent/a"]
        )
    assert "open-sesame" not in json.dumps(emulator.journal())


def test_numbers_are_unique_under_concurrency(account: Account) -> None:
    with ThreadPoolExecutor(8) as threads:
        made = list(threads.map(lambda number: account.efs_location(Subdirectory=f"/{number}"), range(64)))
    assert len(set(made)) == 64
    numbers = [entry["seq"] for entry in account.emulator.journal(account=account.number)]
    assert len(set(numbers)) == 64
