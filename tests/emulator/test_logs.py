"""CloudWatch Logs: who may write where, and what is written."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.account import Account

if TYPE_CHECKING:
    from types_boto3_datasync.literals import LogLevelType

SOURCE, DESTINATION = "fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"
MTIME = 1_700_000_000
GROUP = "datasync"


class Logs:
    """An account's CloudWatch Logs, with a log group."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._client = account.client("logs")
        self._client.create_log_group(logGroupName=GROUP)

    @property
    def arn(self) -> str:
        """The group's."""
        return f"arn:aws:logs:{self._account.region}:{self._account.number}:log-group:{GROUP}"

    def allow(self, **changes: object) -> None:
        """Set the resource policy of the user guide, with changes."""
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "datasync.amazonaws.com"},
            "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
            "Condition": {
                "ArnLike": {
                    "aws:SourceArn": [f"arn:aws:datasync:{self._account.region}:{self._account.number}:task/*"]
                },
                "StringEquals": {"aws:SourceAccount": self._account.number},
            },
            "Resource": f"arn:aws:logs:{self._account.region}:{self._account.number}:log-group:*:*",
            **changes,
        }
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self._client.put_resource_policy(policyName="trust-datasync", policyDocument=document)

    def messages(self, execution: str, group: str = GROUP) -> list[str]:
        _, task, _, own = execution.split("/")
        found = self._client.get_log_events(logGroupName=group, logStreamName=f"{task}-{own}", startFromHead=True)
        return [event["message"] for event in found["events"]]

    def streams(self) -> list[str]:
        found = self._client.describe_log_streams(logGroupName=GROUP)
        return [each["logStreamName"] for each in found["logStreams"]]

    def delete(self) -> None:
        self._client.delete_log_group(logGroupName=GROUP)

    def groups(self) -> list[str]:
        return [each["logGroupName"] for each in self._client.describe_log_groups()["logGroups"]]

    def task(self, level: LogLevelType) -> str:
        """A task between file systems that logs to the group."""
        return self._account.efs_task(CloudWatchLogGroupArn=self.arn, Options={"LogLevel": level})


@pytest.fixture
def logs(account: Account) -> Logs:
    return Logs(account)


@pytest.fixture
def source(account: Account) -> Path:
    folder = account.efs_folder(SOURCE)
    (folder / "sub").mkdir()
    (folder / "sub/a.txt").write_bytes(b"hello")
    for path in folder.rglob("*"):
        os.utime(path, (MTIME, MTIME))
    return folder


def test_transfer_logs_every_file(account: Account, logs: Logs, source: Path) -> None:
    logs.allow()
    execution = account.start(logs.task("TRANSFER"))
    account.ended(execution)
    own = execution.rpartition("/")[2]
    found = logs.messages(execution)
    assert (found[0], found[-1]) == (
        f"[INFO] Execution {own} started.",
        f"[INFO] Execution {own} finished with status Success.",
    )
    assert sorted(found[1:-1]) == [
        "[INFO] Transferred directory metadata /sub",
        "[INFO] Transferred file /sub/a.txt, 5 bytes",
        "[INFO] Verified directory metadata /sub",
        "[INFO] Verified file /sub/a.txt, 5 bytes",
    ]


def test_basic_logs_no_file_that_went_well(account: Account, logs: Logs, source: Path) -> None:
    logs.allow()
    execution = account.start(logs.task("BASIC"))
    account.ended(execution)
    assert [message.split()[1] for message in logs.messages(execution)] == ["Execution", "Execution"]


def test_off_logs_nothing(account: Account, logs: Logs, source: Path) -> None:
    logs.allow()
    account.ended(account.start(logs.task("OFF")))
    assert logs.streams() == []


@pytest.mark.parametrize(
    "changes",
    [
        {"Action": ["logs:PutLogEvents"]},
        {"Principal": {"Service": "delivery.logs.amazonaws.com"}},
        {"Condition": {"StringEquals": {"aws:SourceAccount": "999999999999"}}},
        {"Resource": "arn:aws:logs:*:*:log-group:other:*"},
        {"Effect": "Deny"},
    ],
    ids=["action", "principal", "condition", "resource", "effect"],
)
def test_without_a_policy_that_fits_nothing_is_logged(
    account: Account, logs: Logs, source: Path, changes: dict[str, object]
) -> None:
    task = logs.task("TRANSFER")
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    logs.allow(**changes)
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    assert logs.streams() == []
    logs.allow()
    account.ended(account.start(task))
    assert len(logs.streams()) == 1


def test_a_group_that_is_gone_harms_no_run(account: Account, logs: Logs, source: Path) -> None:
    logs.allow()
    task = logs.task("TRANSFER")
    logs.delete()
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    assert logs.groups() == []


@pytest.fixture
def damaged(account: Account, logs: Logs, source: Path) -> str:
    """An execution during whose verification a file changes."""
    logs.allow()
    with account.emulator.fault(state="VERIFYING", hold="before", account=account.number) as fault:
        execution = account.start(logs.task("BASIC"))
        fault.wait_held()
        target = account.efs_folder(DESTINATION) / "sub/a.txt"
        target.write_bytes(b"jello")
        target.chmod(0o644)
        os.utime(target, (MTIME, MTIME))
        (source / "sub/a.txt").chmod(0o644)
    account.ended(execution)
    return execution


def test_a_mismatch_is_logged_with_both_sides(account: Account, logs: Logs, damaged: str) -> None:
    owner = f"uid={os.getuid()} gid={os.getgid()}"
    meta = f"type=R mode=0644 {owner} size=5 atime={{}}/0 mtime={MTIME}/0 extAttrsHash=0"
    found = logs.messages(damaged)[1:-1]
    assert found[0] == "[NOTICE] Verification failed <> /sub/a.txt"
    assert found[1] == f"[NOTICE] /sub/a.txt   srcMeta: {meta.format(MTIME)}"
    assert found[2] == f"[NOTICE]   srcHash: {sha256(b'hello').hexdigest()}"
    assert found[3].startswith("[NOTICE] /sub/a.txt   dstMeta: type=R mode=0644")
    assert found[4] == f"[NOTICE]   dstHash: {sha256(b'jello').hexdigest()}"
    assert logs.messages(damaged)[-1].endswith("finished with status Error.")


@pytest.mark.parametrize(("side", "sign"), [(SOURCE, ">"), (DESTINATION, "<")])
def test_what_is_on_one_side_alone(account: Account, logs: Logs, source: Path, side: str, sign: str) -> None:
    logs.allow()
    with account.emulator.fault(state="VERIFYING", hold="before", account=account.number) as fault:
        execution = account.start(logs.task("BASIC"))
        fault.wait_held()
        (account.efs_folder(side) / "sub/a.txt").unlink()
    account.ended(execution)
    found = [message for message in logs.messages(execution) if "a.txt" in message]
    assert found[0] == f"[NOTICE] Verification failed {sign} /sub/a.txt"
    here, there = ("dst", "src") if sign == ">" else ("src", "dst")
    assert f"{here}Meta" in found[1]
    assert not any(f"{there}Meta" in message for message in found)


def test_what_can_not_be_read_is_logged(account: Account, logs: Logs) -> None:
    logs.allow()
    bucket = account.bucket("source")
    account.s3.put_object(Bucket=bucket, Key="cold", Body=b"x", StorageClass="GLACIER")
    task = account.task(
        account.s3_location(bucket),
        account.s3_location(account.bucket("target")),
        CloudWatchLogGroupArn=logs.arn,
        Options={"LogLevel": "BASIC"},
    )
    execution = account.start(task)
    account.ended(execution)
    complaint = "[ERROR] Failed to open source file /cold: The object is archived and has not been restored"
    assert complaint in logs.messages(execution)


# Enhanced mode


@pytest.mark.parametrize("given", [False, True])
def test_enhanced_logs_json_to_a_group_of_its_own_or_the_given_one(account: Account, logs: Logs, given: bool) -> None:
    source = account.bucket("source", a=b"hello")
    beginning, end = account.s3_location(source), account.s3_location(account.bucket("target"))
    group: Any = {"CloudWatchLogGroupArn": logs.arn} if given else {}
    task = account.task(beginning, end, TaskMode="ENHANCED", Options={"LogLevel": "TRANSFER"}, **group)
    execution = account.start(task)
    account.ended(execution)
    found = [json.loads(message) for message in logs.messages(execution, GROUP if given else "/aws/datasync")]
    assert [event["Action"] for event in found] == ["TRANSFER", "VERIFY"]
    sent, verified = found
    assert sent["Source"]["LocationId"] == beginning.rpartition("/")[2]
    assert sent["Source"]["RelativePath"] == "a"
    assert sent["Source"]["Metadata"]["Type"] == "Object"
    assert sent["Source"]["Metadata"]["S3"].keys() == {"SystemMetadata", "UserMetadata", "Tags"}
    assert sent["Destination"]["LocationId"] == end.rpartition("/")[2]
    assert sent["TransferType"] == "CONTENT_AND_METADATA"
    assert verified["Destination"]["Metadata"]["ContentSize"] == 5
    assert "ErrorCode" not in verified


def test_enhanced_basic_logs_errors_alone(account: Account, logs: Logs) -> None:
    source = account.bucket("source", a=b"hello")
    account.s3.put_object(Bucket=source, Key="cold", Body=b"x", StorageClass="GLACIER")
    beginning, end = account.s3_location(source), account.s3_location(account.bucket("target"))
    task = account.task(beginning, end, TaskMode="ENHANCED", Options={"LogLevel": "BASIC"})
    execution = account.start(task)
    account.ended(execution)
    (found,) = (json.loads(message) for message in logs.messages(execution, "/aws/datasync"))
    assert (found["Action"], found["ErrorCode"]) == ("SKIP", "InvalidObjectState")
    assert found["Source"]["RelativePath"] == "cold"
