"""Task reports: which files are written where, and what they say."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.account import Account

if TYPE_CHECKING:
    from types_boto3_datasync.literals import TaskModeType

Json = dict[str, Any]
SOURCE, DESTINATION = "fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"
MTIME = 1_700_000_000_123_456_789
EVERYTHING = {"OutputType": "STANDARD", "ReportLevel": "SUCCESSES_AND_ERRORS"}
RANDOM = r"[0-9a-f]{17}\.json"


@pytest.fixture
def bucket(account: Account) -> str:
    return account.bucket("reports")


@pytest.fixture
def config(account: Account, bucket: str) -> Callable[..., Any]:
    """Makes a TaskReportConfig."""
    place = {"S3BucketArn": f"arn:aws:s3:::{bucket}", "BucketAccessRoleArn": account.any_role, "Subdirectory": "/all/"}
    return lambda **more: {"Destination": {"S3": place}, **more}


@pytest.fixture
def source(account: Account) -> Path:
    folder = account.efs_folder(SOURCE)
    (folder / "sub").mkdir()
    (folder / "a.txt").write_bytes(b"hello")
    (folder / "sub/b.txt").write_bytes(b"world!")
    for path in folder.rglob("*"):
        os.utime(path, ns=(MTIME, MTIME))
    (folder / "a.txt").chmod(0o640)
    return folder


def keys(account: Account, bucket: str) -> list[str]:
    return [each["Key"] for each in account.s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def read(account: Account, bucket: str, key: str) -> Json:
    found: Json = json.loads(account.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    return found


def sections(account: Account, bucket: str, execution: str) -> dict[str, list[Json]]:
    """The items of every section of an execution's detailed reports."""
    found: dict[str, list[Json]] = {}
    for key in keys(account, bucket):
        if "Detailed-Reports" in key and execution.rpartition("/")[2] in key:
            report = read(account, bucket, key)
            assert report.pop("TaskExecutionId") == execution.rpartition("/")[2]
            ((name, items),) = report.items()
            found.setdefault(name, []).extend(items)
    return found


def by_path(items: list[Json]) -> dict[str, Json]:
    return {item["RelativePath"]: item for item in items}


def ids(execution: str) -> tuple[str, str]:
    _, task, _, own = execution.split("/")
    return task, own


def test_a_summary(account: Account, bucket: str, config: Callable[..., Any], source: Path) -> None:
    filters: Any = [{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}]
    report = config(OutputType="SUMMARY_ONLY")
    execution = account.start(account.efs_task(TaskReportConfig=report, Excludes=filters))
    run = account.ended(execution)
    assert run["ReportResult"] == {"Status": "SUCCESS"}
    task, own = ids(execution)
    (key,) = keys(account, bucket)
    assert re.fullmatch(rf"all/Summary-Reports/{task}/{own}/{own}\.summary-v1-{RANDOM}", key)
    assert account.s3.head_object(Bucket=bucket, Key=key)["ContentType"] == "application/json"
    summary = read(account, bucket, key)
    assert (summary["AccountId"], summary["TaskExecutionId"], summary["TaskMode"]) == (account.number, own, "BASIC")
    described = account.datasync.describe_task(TaskArn=execution.partition("/execution")[0])
    location = summary["SourceLocation"]
    assert described["SourceLocationArn"].endswith(location["LocationId"])
    assert location["LocationType"] == "Amazon EFS"
    began, ended = (datetime.fromisoformat(summary[name]) for name in ("StartTime", "EndTime"))
    assert summary["TotalTime"] == round((ended - began).total_seconds() * 1000)
    assert summary["OverallStatus"] == run["Status"] == "SUCCESS"
    result = summary["Result"]
    assert (result["FilesTransferred"], result["BytesTransferred"], result["FilesVerified"]) == (3, 11, 3)
    assert {result[f"{phase}Status"] for phase in ("Prepare", "Transfer", "Verify")} == {"SUCCESS"}
    assert result["TransferDuration"] == run["Result"]["TransferDuration"]
    assert summary["Options"] == run["Options"]
    assert summary["Filters"] == {"Includes": [], "Excludes": filters}
    assert summary["TaskReportConfig"] == report


def test_the_layout_of_a_standard_report(
    account: Account, bucket: str, config: Callable[..., Any], source: Path
) -> None:
    task = account.efs_task(TaskReportConfig=config(**EVERYTHING), Options={"PreserveDeletedFiles": "REMOVE"})
    (account.efs_folder(DESTINATION) / "old").write_bytes(b"old")
    execution = account.start(task)
    account.ended(execution)
    name, own = ids(execution)
    base = rf"all/Detailed-Reports/{name}/{own}/{own}\.files"
    found = keys(account, bucket)
    for section in ("deleted", "transferred", "verified"):
        assert [key for key in found if re.fullmatch(rf"{base}-{section}-v1-00001-{RANDOM}", key)]
    assert len(found) == 4
    again = account.start(task)
    account.ended(again)
    assert sections(account, bucket, again).keys() == {"Skipped", "Verified"}


def test_what_a_basic_report_says_of_files(
    account: Account, bucket: str, config: Callable[..., Any], source: Path
) -> None:
    target = account.efs_folder(DESTINATION)
    (target / "a.txt").write_bytes(b"old")
    (target / "old").write_bytes(b"old")
    options: Any = {"PreserveDeletedFiles": "REMOVE"}
    execution = account.start(account.efs_task(TaskReportConfig=config(**EVERYTHING), Options=options))
    account.ended(execution)
    found = sections(account, bucket, execution)
    transferred = by_path(found["Transferred"])
    assert transferred.keys() == {"/a.txt", "/sub", "/sub/b.txt"}
    item = transferred["/a.txt"]
    at = datetime.fromisoformat(item.pop("TransferTimestamp")[:23] + "+00:00")
    run = account.execution(execution)
    assert run["LaunchTime"] <= at <= run["EndTime"]
    metadata = {
        "Type": "Regular",
        "ContentSize": 5,
        "Mtime": "2023-11-14T22:13:20.123456789Z",
        "Atime": "2023-11-14T22:13:20.123456789Z",
        "Uid": os.getuid(),
        "Gid": os.getgid(),
        "Mode": "0640",
    }
    assert item == {
        "RelativePath": "/a.txt",
        "SrcMetadata": metadata,
        "Overwrite": "True",
        "TransferType": "CONTENT_AND_METADATA",
        "TransferStatus": "SUCCESS",
    }
    assert transferred["/sub"]["SrcMetadata"]["Type"] == "Directory"
    assert "ContentSize" not in transferred["/sub"]["SrcMetadata"]
    assert transferred["/sub/b.txt"]["Overwrite"] == "False"
    verified = by_path(found["Verified"])["/a.txt"]
    assert verified["SrcChecksum"] == verified["DstChecksum"] == f"SHA256:{sha256(b'hello').hexdigest()}"
    assert verified["SrcMetadata"] == metadata
    assert verified["DstMetadata"]["Mtime"] == metadata["Mtime"]
    assert verified["VerifyStatus"] == "SUCCESS"
    (deleted,) = found["Deleted"]
    assert (deleted["RelativePath"], deleted["DeleteStatus"]) == ("/old", "SUCCESS")


def test_attributes_alone_are_transferred_as_metadata(
    account: Account, bucket: str, config: Callable[..., Any], source: Path
) -> None:
    task = account.efs_task(TaskReportConfig=config(**EVERYTHING))
    account.ended(account.start(task))
    (source / "a.txt").chmod(0o600)
    execution = account.start(task)
    account.ended(execution)
    found = sections(account, bucket, execution)
    assert [item["TransferType"] for item in found["Transferred"]] == ["METADATA"]
    skipped = by_path(found["Skipped"])
    assert skipped.keys() == {"/sub", "/sub/b.txt"}
    assert skipped["/sub/b.txt"]["SkipStatus"] == "SUCCESS"
    assert skipped["/sub/b.txt"]["SkipReason"] == "The destination has it already"


@pytest.fixture
def versions(account: Account) -> tuple[str, str]:
    source = account.bucket("source")
    account.s3.put_object(
        Bucket=source, Key="a", Body=b"hello", Metadata={"one": "1"}, Tagging="two=2", ContentType="text/plain"
    )
    target = account.bucket("target")
    account.s3.put_bucket_versioning(Bucket=target, VersioningConfiguration={"Status": "Enabled"})
    return source, target


def test_what_an_enhanced_report_says_of_objects(
    account: Account, bucket: str, config: Callable[..., Any], versions: tuple[str, str]
) -> None:
    beginning, end = (account.s3_location(name) for name in versions)
    report = config(ObjectVersionIds="INCLUDE", **EVERYTHING)
    execution = account.start(account.task(beginning, end, TaskMode="ENHANCED", TaskReportConfig=report))
    account.ended(execution)
    found = sections(account, bucket, execution)
    (item,) = found["Transferred"]
    modified = account.s3.head_object(Bucket=versions[0], Key="a")["LastModified"]
    assert item["RelativePath"] == "a"
    assert item["SourceMetadata"] == {
        "Type": "Object",
        "ContentSize": 5,
        "LastModified": f"{modified:%Y-%m-%dT%H:%M:%SZ}",
        "SystemMetadata": {"ContentType": "text/plain"},
        "UserMetadata": {"one": "1"},
        "Tags": [{"Key": "two", "Value": "2"}],
    }
    assert item["DstS3VersionId"] == account.s3.head_object(Bucket=versions[1], Key="a")["VersionId"]
    assert (item["TransferType"], item["TransferStatus"]) == ("CONTENT_AND_METADATA", "SUCCESS")
    (verified,) = found["Verified"]
    assert verified["SrcChecksum"] == verified["DstChecksum"]
    summary = next(read(account, bucket, key) for key in keys(account, bucket) if "Summary" in key)
    assert summary["Result"]["FilesListed"] == {"AtSource": 1, "AtDestinationForDelete": 0}
    assert summary["Result"]["TransferDuration"] == 0


@pytest.mark.parametrize("mode", ["BASIC", "ENHANCED"])
@pytest.mark.parametrize("wish", [{"ObjectVersionIds": "NONE"}, {}])
def test_versions_only_where_they_are_wanted(
    account: Account,
    bucket: str,
    config: Callable[..., Any],
    versions: tuple[str, str],
    mode: TaskModeType,
    wish: Json,
) -> None:
    beginning, end = (account.s3_location(name) for name in versions)
    execution = account.start(
        account.task(beginning, end, TaskMode=mode, TaskReportConfig=config(**EVERYTHING, **wish))
    )
    account.ended(execution)
    assert "DstS3VersionId" not in sections(account, bucket, execution)["Transferred"][0]


@pytest.fixture
def archived(account: Account) -> tuple[str, str]:
    """A bucket with an object that can't be read and one that can, and an empty bucket."""
    source = account.bucket("archive", b=b"fine")
    account.s3.put_object(Bucket=source, Key="a", Body=b"cold", StorageClass="GLACIER")
    return source, account.bucket("target")


def test_only_errors_unless_more_is_asked_for(
    account: Account, bucket: str, config: Callable[..., Any], archived: tuple[str, str]
) -> None:
    beginning, end = (account.s3_location(name) for name in archived)
    execution = account.start(account.task(beginning, end, TaskReportConfig=config(OutputType="STANDARD")))
    run = account.ended(execution)
    assert run["Status"] == "ERROR"
    assert run["ReportResult"] == {"Status": "SUCCESS"}
    found = sections(account, bucket, execution)
    (item,) = found.pop("Skipped")
    assert (item["RelativePath"], item["SkipStatus"]) == ("/a", "FAILED")
    assert (item["FailureReason"], item["FailureCode"]) == ("The object is archived and has not been restored", 40974)
    assert not {"SkipReason", "ErrorCode"} & item.keys()
    assert found.keys() <= {"Verified"}
    summary = next(read(account, bucket, key) for key in keys(account, bucket) if "Summary" in key)
    assert summary["OverallStatus"] == "ERROR"
    assert summary["Result"]["ErrorCode"] == run["Result"]["ErrorCode"]


def test_the_level_can_be_set_for_each_section(
    account: Account, bucket: str, config: Callable[..., Any], archived: tuple[str, str]
) -> None:
    beginning, end = (account.s3_location(name) for name in archived)
    overrides = {"Transferred": {"ReportLevel": "SUCCESSES_AND_ERRORS"}}
    report = config(OutputType="STANDARD", ReportLevel="ERRORS_ONLY", Overrides=overrides)
    execution = account.start(account.task(beginning, end, TaskMode="ENHANCED", TaskReportConfig=report))
    account.ended(execution)
    found = sections(account, bucket, execution)
    assert found.keys() == {"Transferred", "Skipped"}
    assert found["Transferred"][0]["RelativePath"] == "b"
    (item,) = found["Skipped"]
    assert item["ErrorCode"] == "InvalidObjectState"
    assert item["ErrorDetail"] == "The object is archived and has not been restored"


def test_mismatches_are_reported(account: Account, bucket: str, config: Callable[..., Any], source: Path) -> None:
    task = account.efs_task(TaskReportConfig=config(OutputType="STANDARD"))
    with account.emulator.fault(state="VERIFYING", hold="before", account=account.number) as fault:
        execution = account.start(task)
        fault.wait_held()
        target = account.efs_folder(DESTINATION) / "a.txt"
        target.write_bytes(b"jello")
        os.utime(target, ns=(MTIME, MTIME))
    account.ended(execution)
    found = sections(account, bucket, execution)
    assert found.keys() == {"Verified"}
    (item,) = found["Verified"]
    assert (item["RelativePath"], item["VerifyStatus"]) == ("/a.txt", "FAILED")
    assert item["FailureReason"] == "Verification failed due to a difference in content"
    assert item["SrcChecksum"] == f"SHA256:{sha256(b'hello').hexdigest()}"
    assert item["DstChecksum"] == f"SHA256:{sha256(b'jello').hexdigest()}"


def test_what_a_manifest_lists_in_vain_is_reported(
    account: Account, bucket: str, config: Callable[..., Any], versions: tuple[str, str]
) -> None:
    beginning, end = (account.s3_location(name) for name in versions)
    account.s3.put_object(Bucket=bucket, Key="list.csv", Body=b"a\nnowhere")
    listed: Any = {
        "Source": {
            "S3": {
                "S3BucketArn": f"arn:aws:s3:::{bucket}",
                "ManifestObjectPath": "list.csv",
                "BucketAccessRoleArn": account.any_role,
            }
        }
    }
    task = account.task(
        beginning, end, TaskMode="ENHANCED", TaskReportConfig=config(OutputType="STANDARD"), ManifestConfig=listed
    )
    execution = account.start(task)
    account.ended(execution)
    (item,) = sections(account, bucket, execution)["Skipped"]
    assert (item["RelativePath"], item["ErrorCode"]) == ("nowhere", "ManifestFileDoesNotExist")
    summary = next(read(account, bucket, key) for key in keys(account, bucket) if "Summary" in key)
    assert summary["ManifestConfig"] == listed


def parts(account: Account, bucket: str) -> Iterator[tuple[str, Json, int]]:
    for key in keys(account, bucket):
        if "files-transferred" in key:
            yield key, read(account, bucket, key), account.s3.head_object(Bucket=bucket, Key=key)["ContentLength"]


def test_a_large_report_comes_in_parts(account: Account, bucket: str, config: Callable[..., Any]) -> None:
    source = account.bucket("source", tiny=b"")
    lengthy = {f"key-{number}": "x" * 1000 for number in range(2)}
    # A report's item holds an object's metadata, so few objects make a large report.
    for number in range(2400):
        account.s3.put_object(Bucket=source, Key=f"{number:04d}", Body=b"", Metadata=lengthy)
    task = account.task(
        account.s3_location(source),
        account.s3_location(account.bucket("target")),
        TaskMode="ENHANCED",
        Options={"VerifyMode": "NONE"},
        TaskReportConfig=config(**EVERYTHING),
    )
    account.ended(account.start(task))
    found = list(parts(account, bucket))
    assert [re.search(r"-v1-(\d{5})-", key)[1] for key, _, _ in found] == ["00001", "00002"]  # type: ignore[index]
    assert all(size <= 5 * 1024 * 1024 for _, _, size in found)
    paths = [item["RelativePath"] for _, report, _ in found for item in report["Transferred"]]
    assert sorted(paths) == [*(f"{number:04d}" for number in range(2400)), "tiny"]


def test_a_report_that_can_not_be_written(account: Account, bucket: str, config: Callable[..., Any]) -> None:
    task = account.efs_task(TaskReportConfig=config(OutputType="SUMMARY_ONLY"))
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as fault:
        execution = account.start(task)
        fault.wait_held()
        assert account.execution(execution)["ReportResult"] == {"Status": "PENDING"}
        account.s3.delete_bucket(Bucket=bucket)
    run = account.ended(execution)
    assert run["Status"] == "SUCCESS"
    assert run["ReportResult"]["Status"] == "ERROR"
    reason = "Failed to upload Task Report(s) to S3 due to an invalid bucket or IAM role"
    assert run["ReportResult"]["ErrorDetail"] == reason


def test_a_run_that_ends_before_it_begins_has_no_report(
    account: Account, bucket: str, config: Callable[..., Any]
) -> None:
    nowhere = account.efs_location(SOURCE, Subdirectory="/nowhere")
    task = account.task(nowhere, nowhere, TaskReportConfig=config(OutputType="SUMMARY_ONLY"))
    run = account.ended(account.start(task))
    assert run["Status"] == "ERROR"
    reason = "Execution error occurred prior to generating any Task Reports"
    assert run["ReportResult"]["ErrorDetail"] == reason
    assert keys(account, bucket) == []


def test_a_cancelled_run_is_reported_as_failed(
    account: Account, bucket: str, config: Callable[..., Any], source: Path
) -> None:
    task = account.efs_task(TaskReportConfig=config(OutputType="SUMMARY_ONLY"))
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as fault:
        execution = account.start(task)
        fault.wait_held()
        account.datasync.cancel_task_execution(TaskExecutionArn=execution)
        account.ended(execution)
    (key,) = keys(account, bucket)
    assert read(account, bucket, key)["OverallStatus"] == "ERROR"


def test_without_a_report_nothing_is_said_of_one(account: Account) -> None:
    run = account.ended(account.start(account.efs_task()))
    assert "ReportResult" not in run
