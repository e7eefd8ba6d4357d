"""What is sent over the wire, and the errors that AWS gives to what it can't accept."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account

JSON = "application/x-amz-json-1.1"
LOCATION = "arn:aws:datasync:eu-central-1:123456789012:location/loc-0123456789abcdef0"
EC2 = {
    "SubnetArn": "arn:aws:ec2:eu-central-1:123456789012:subnet/subnet-0a",
    "SecurityGroupArns": ["arn:aws:ec2:eu-central-1:123456789012:security-group/sg-0a"],
}
EFS = {
    "EfsFilesystemArn": "arn:aws:elasticfilesystem:eu-central-1:123456789012:file-system/fs-0123456789abcdef0",
    "Ec2Config": EC2,
}


def send(account: Account, target: str | None, body: bytes, **headers: str) -> tuple[int, dict[str, str], Any]:
    """Send raw bytes as a signed DataSync request; gives status, headers, and the JSON answered."""
    sent = {"Content-Type": JSON, **({"X-Amz-Target": target} if target is not None else {}), **headers}
    status, answered, text = send_to(account, "datasync", body, sent)
    return status, answered, json.loads(text)


def send_to(account: Account, service: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
    """Send raw bytes as a signed request to a service; gives status, headers, and body."""
    address = urlsplit(account.emulator.endpoint)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    scope = f"{account.number}/20260101/{account.region}/{service}/aws4_request"
    signed = {**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"}
    try:
        connection.request("POST", "/", body, signed)
        response = connection.getresponse()
        return response.status, dict(response.getheaders()), response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    "target",
    [
        "FmrsService.MakeTea",
        "FmrsService.",
        "MakeTea",
        "OtherService.ListTasks",
        None,
        # DataSync Discovery ended in May 2025; its operations are in no model any more.
        "FmrsService.AddStorageSystem",
        "FmrsService.StartDiscoveryJob",
    ],
)
def test_an_unknown_operation(account: Account, target: str | None) -> None:
    status, headers, body = send(account, target, b"{}")
    assert status == 400
    assert body["__type"] == "UnknownOperationException"
    assert headers["Content-Type"] == JSON


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b"1", b'"text"', b"\xff\xfe", b"{'a': 1}", b"[" * 100_000, b'{"MaxResults": NaN}']
)
def test_a_body_that_is_no_json_object(account: Account, body: bytes) -> None:
    status, _, answer = send(account, "FmrsService.ListTasks", body)
    assert (status, answer["__type"]) == (400, "SerializationException")


@pytest.mark.parametrize(
    ("operation", "parameters", "path"),
    [
        ("ListTasks", {"MaxResults": "ten"}, "maxResults"),
        ("ListTasks", {"MaxResults": 1.5}, "maxResults"),
        ("ListTasks", {"MaxResults": True}, "maxResults"),
        ("ListTasks", {"MaxResults": 2**31}, "maxResults"),
        ("ListTasks", {"Filters": {}}, "filters"),
        ("ListTasks", {"Filters": ["x"]}, "filters.1.member"),
        ("CreateLocationEfs", EFS | {"Ec2Config": EC2 | {"SubnetArn": 5}}, "ec2Config.subnetArn"),
        ("UpdateTask", {"TaskArn": "x", "Options": {"BytesPerSecond": 2**63}}, "options.bytesPerSecond"),
    ],
)
def test_a_value_of_the_wrong_type(account: Account, operation: str, parameters: dict[str, Any], path: str) -> None:
    status, _, answer = send(account, f"FmrsService.{operation}", json.dumps(parameters).encode())
    assert (status, answer["__type"]) == (400, "SerializationException")
    assert f"'{path}'" in answer["message"]


@pytest.mark.parametrize(
    ("operation", "parameters", "message"),
    [
        ("DescribeTask", {}, "Value null at 'taskArn' failed to satisfy constraint: Member must not be null"),
        ("DescribeTask", {"TaskArn": None}, "Value null at 'taskArn'"),
        (
            "DescribeTask",
            {"TaskArn": "task-1"},
            "Value 'task-1' at 'taskArn' failed to satisfy constraint: Member must",
        ),
        (
            "CreateLocationEfs",
            EFS | {"InTransitEncryption": "TLS9"},
            (
                "1 validation error detected: Value 'TLS9' at 'inTransitEncryption' failed to satisfy constraint: "
                "Member must satisfy enum value set: [NONE, TLS1_2]"
            ),
        ),
        (
            "CreateLocationEfs",
            EFS | {"Subdirectory": "/a" * 2049},
            "Member must have length less than or equal to 4096",
        ),
        ("CreateLocationEfs", EFS | {"Subdirectory": "/a?"}, "Member must satisfy regular expression pattern"),
        (
            "CreateLocationEfs",
            EFS | {"Ec2Config": EC2 | {"SecurityGroupArns": []}},
            (
                "Value '[]' at 'ec2Config.securityGroupArns' failed to satisfy constraint: "
                "Member must have length greater than or equal to 1"
            ),
        ),
        ("CreateLocationEfs", EFS | {"Tags": [{"Key": "a@b"}]}, "at 'tags.1.member.key'"),
        ("CreateLocationEfs", EFS | {"Tags": [{"Key": str(n)} for n in range(51)]}, "less than or equal to 50"),
        ("ListTasks", {"MaxResults": 101}, "Value '101' at 'maxResults' failed to satisfy constraint"),
        (
            "ListTasks",
            {"Colour": "red"},
            "at 'colour' failed to satisfy constraint: Member must be one of: [MaxResults",
        ),
        ("ListTasks", {"MaxResults": -1, "NextToken": "!"}, "2 validation errors detected: "),
        ("UpdateTask", {"TaskArn": LOCATION, "Options": {"BytesPerSecond": -2}}, "greater than or equal to -1"),
    ],
)
def test_a_value_outside_the_models_constraints(
    account: Account, operation: str, parameters: dict[str, Any], message: str
) -> None:
    status, _, answer = send(account, f"FmrsService.{operation}", json.dumps(parameters).encode())
    assert (status, answer["__type"]) == (400, "ValidationException")
    assert message in answer["message"]


def test_unicode_spaces_are_allowed_where_the_model_says_so(account: Account) -> None:
    arn = account.efs_location(Subdirectory="/a\u00a0b c")
    assert account.datasync.describe_location_efs(LocationArn=arn)["LocationUri"].endswith("/a\u00a0b c/")


@pytest.mark.parametrize("service", ["iam", "sts", "sqs", "events"])
@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"Action=MakeTea&Version=2010-05-08"])
def test_a_call_that_no_other_service_has(account: Account, service: str, body: bytes) -> None:
    status, _, text = send_to(account, service, body, {"Content-Type": "application/x-www-form-urlencoded"})
    assert status == 400
    assert b"InvalidAction" in text


def test_a_null_member_counts_as_absent(account: Account) -> None:
    status, _, answer = send(account, "FmrsService.ListTasks", b'{"NextToken": null}')
    assert (status, answer) == (200, {"Tasks": []})


def test_errors_reach_boto3_as_aws_words_them(account: Account) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException) as refused:
        account.datasync.describe_task(
            TaskArn=f"arn:aws:datasync:eu-central-1:{account.number}:task/task-0123456789abcdef0"
        )
    response = refused.value.response
    assert response["Error"] == {
        "Code": "InvalidRequestException",
        "Message": "Task task-0123456789abcdef0 is not found.",
    }
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["ResponseMetadata"]["RequestId"] == response["ResponseMetadata"]["HTTPHeaders"]["x-amzn-requestid"]


def test_a_service_that_is_not_there_is_named(account: Account) -> None:
    message = "has no service '{}'; it has: datasync, events, iam, logs, s3, s3control, sqs, sts, tagging"
    with pytest.raises(ClientError, match=message.format("ec2")):
        account.client("ec2").describe_regions()
    with pytest.raises(ClientError, match=message.format("secretsmanager")):
        account.client("secretsmanager").list_secrets()


def test_endpoints_come_from_the_environment(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in account.emulator.environment(account=account.number).items():
        monkeypatch.setenv(name, value)
    session = boto3.Session()
    assert session.client("sts").get_caller_identity()["Account"] == account.number
    assert session.client("datasync").list_tasks()["Tasks"] == []


def test_every_operation_of_the_model_is_served(account: Account) -> None:
    client = account.datasync
    operations = client.meta.service_model.operation_names
    assert len(operations) == 53
    unserved = []
    for operation in operations:
        _, _, body = send(account, f"FmrsService.{operation}", b"{}")
        if body.get("__type") == "UnknownOperationException":
            unserved.append(operation)
    assert unserved == []
