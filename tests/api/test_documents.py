"""What clients read: the older SDK's members, nulls and times."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datamover_api.legacy import examples
from datamover_api.legacy.documents import go_time, location_document, mover_document, run_document
from datamover_api.legacy.state import TaskState
from tests.api.samples import CREATED, DESCRIBED, DESTINATION, S3, SOURCE, TASK, execution, mover, ready, run

STATE = TaskState("RUNNING", execution(7), None)


def test_a_mover_has_every_member_in_the_sdk_s_order_and_null_where_aws_gave_none() -> None:
    document = mover_document(mover(status=ready()), STATE)
    assert list(document) == ["Task", "Source", "Destination", "Tags"]
    task = document["Task"]
    assert isinstance(task, dict)
    assert list(task) == list(examples.MOVER["Task"])
    assert task | {"Options": None} == {
        "CloudWatchLogGroupArn": None,
        "CreationTime": "2026-01-31T12:00:02.5Z",
        "CurrentTaskExecutionArn": execution(7),
        "DestinationLocationArn": DESTINATION,
        "DestinationNetworkInterfaceArns": None,
        "ErrorCode": None,
        "ErrorDetail": None,
        "Excludes": None,
        "Includes": [],
        "Name": "nightly",
        "Options": None,
        "Schedule": None,
        "SourceLocationArn": SOURCE,
        "SourceNetworkInterfaceArns": None,
        "Status": "RUNNING",
        "TaskArn": TASK,
    }
    options = task["Options"]
    assert isinstance(options, dict)
    assert list(options) == list(examples.MOVER["Task"]["Options"])
    assert options["BytesPerSecond"] == -1
    assert options["Atime"] is None


def test_filters_and_the_schedule_have_the_sdk_s_members() -> None:
    filters = [{"filterType": "SIMPLE_PATTERN", "value": "/a*"}]
    schedule = {"scheduleExpression": "rate(1 hour)", "status": "ENABLED"}
    document: Any = mover_document(mover(status=ready(excludes=filters, schedule=schedule)), STATE)
    assert document["Task"]["Excludes"] == [{"FilterType": "SIMPLE_PATTERN", "Value": "/a*"}]
    assert document["Task"]["Schedule"] == {"ScheduleExpression": "rate(1 hour)"}


def test_tags_are_in_the_order_of_their_keys() -> None:
    document = mover_document(mover(status=ready()), STATE)
    assert document["Tags"] == [{"Key": "spinup:spaceid", "Value": "abc-123"}]


@pytest.mark.parametrize(
    ("described", "document"),
    [
        (
            S3,
            {
                "Type": "S3",
                "S3": {
                    "AgentArns": None,
                    "CreationTime": "2026-01-31T12:00:01Z",
                    "LocationArn": SOURCE,
                    "LocationUri": "s3://from/",
                    "S3Config": {"BucketAccessRoleArn": "arn:aws:iam::111122223333:role/r"},
                    "S3StorageClass": "STANDARD",
                },
            },
        ),
        (
            {
                "locationUri": "efs://eu-central-1.fs-0/",
                "ec2Config": {"subnetArn": "s", "securityGroupArns": ["g"]},
                "inTransitEncryption": "NONE",
            },
            {
                "Type": "EFS",
                "EFS": {
                    "CreationTime": None,
                    "Ec2Config": {"SecurityGroupArns": ["g"], "SubnetArn": "s"},
                    "LocationArn": None,
                    "LocationUri": "efs://eu-central-1.fs-0/",
                },
            },
        ),
        (
            {"locationUri": "smb://host/share/", "agentArns": ["a"], "user": "u", "mountOptions": {"version": "SMB3"}},
            {
                "Type": "SMB",
                "SMB": {
                    "AgentArns": ["a"],
                    "CreationTime": None,
                    "Domain": None,
                    "LocationArn": None,
                    "LocationUri": "smb://host/share/",
                    "MountOptions": {"Version": "SMB3"},
                    "User": "u",
                },
            },
        ),
        (
            {"locationUri": "nfs://host/path/", "onPremConfig": {"agentArns": []}},
            {
                "Type": "NFS",
                "NFS": {
                    "CreationTime": None,
                    "LocationArn": None,
                    "LocationUri": "nfs://host/path/",
                    "MountOptions": None,
                    "OnPremConfig": {"AgentArns": []},
                },
            },
        ),
        (
            {"locationUri": "hdfs://host:1/", "qopConfiguration": {"rpcProtection": "PRIVACY"}},
            {
                "Type": "HDFS",
                "HDFS": {"LocationUri": "hdfs://host:1/", "QopConfiguration": {"RpcProtection": "PRIVACY"}},
            },
        ),
        ({"locationUri": "ftp://host/"}, {"Type": "FTP"}),
        (None, None),
    ],
)
def test_a_location_stands_under_its_type(described: dict[str, Any] | None, document: object) -> None:
    assert location_document(described) == document


def test_a_run_has_the_execution_s_counters_and_result() -> None:
    counters = {
        "bytesTransferred": 5,
        "bytesWritten": 6,
        "estimatedBytesToTransfer": 7,
        "estimatedFilesToTransfer": 8,
        "filesTransferred": 9,
        "filesSkipped": 10,
    }
    result = {
        "prepareDuration": 1669,
        "prepareStatus": "SUCCESS",
        "totalDuration": 7662,
        "transferDuration": 5870,
        "transferStatus": "SUCCESS",
        "verifyDuration": 155,
        "verifyStatus": "SUCCESS",
    }
    document = run_document(run(4, "Succeeded", status={"counters": counters, "result": result}))
    assert json.dumps(document) == json.dumps(
        {
            "BytesTransferred": 5,
            "BytesWritten": 6,
            "EstimatedBytesToTransfer": 7,
            "EstimatedFilesToTransfer": 8,
            "FilesTransferred": 9,
            "StartTime": "2026-02-01T00:00:04Z",
            "Status": "SUCCESS",
            "Result": {
                "ErrorCode": None,
                "ErrorDetail": None,
                "PrepareDuration": 1669,
                "PrepareStatus": "SUCCESS",
                "TotalDuration": 7662,
                "TransferDuration": 5870,
                "TransferStatus": "SUCCESS",
                "VerifyDuration": 155,
                "VerifyStatus": "SUCCESS",
            },
        }
    )
    assert list(document) == list(examples.RUN)


@pytest.mark.parametrize(
    ("phase", "status"),
    [
        ("Queued", "QUEUED"),
        ("Launching", "LAUNCHING"),
        ("Preparing", "PREPARING"),
        ("Transferring", "TRANSFERRING"),
        ("Verifying", "VERIFYING"),
        ("Cancelling", "CANCELLING"),
        ("Succeeded", "SUCCESS"),
        ("Failed", "ERROR"),
        ("Cancelled", "ERROR"),
        ("Unknown", "ERROR"),
        ("Pending", "LAUNCHING"),
        (None, "LAUNCHING"),
    ],
)
def test_a_run_s_status_is_its_execution_s(phase: str | None, status: str) -> None:
    assert run_document(run(1, phase))["Status"] == status


def test_a_run_that_has_just_been_started_has_numbers_a_time_and_a_result() -> None:
    just_started = run(1, "Launching", status={"startTime": None})
    assert run_document(just_started) == {
        "BytesTransferred": 0,
        "BytesWritten": 0,
        "EstimatedBytesToTransfer": 0,
        "EstimatedFilesToTransfer": 0,
        "FilesTransferred": 0,
        "StartTime": CREATED,
        "Status": "LAUNCHING",
        "Result": {
            "ErrorCode": None,
            "ErrorDetail": None,
            "PrepareDuration": 0,
            "PrepareStatus": "PENDING",
            "TotalDuration": 0,
            "TransferDuration": 0,
            "TransferStatus": "PENDING",
            "VerifyDuration": 0,
            "VerifyStatus": "PENDING",
        },
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2026-01-31T12:00:00.500Z", "2026-01-31T12:00:00.5Z"),
        ("2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00Z"),
        ("2026-01-31T12:00:10Z", "2026-01-31T12:00:10Z"),
        ("2026-01-31T12:00:00.546Z", "2026-01-31T12:00:00.546Z"),
        (None, None),
    ],
)
def test_times_are_as_go_prints_them(text: str | None, shown: str | None) -> None:
    assert go_time(text) == shown


def test_described_has_more_than_is_shown() -> None:
    """What DataSync has learnt since is left out, as in the older SDK."""
    assert {"taskMode"} <= DESCRIBED.keys()
    document: Any = mover_document(mover(status=ready()), STATE)
    assert "TaskMode" not in document["Task"]
    assert "ObjectTags" not in document["Task"]["Options"]
