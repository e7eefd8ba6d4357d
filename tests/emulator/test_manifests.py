"""Manifests: what they list is transferred and nothing else, in the versions that they name."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account

if TYPE_CHECKING:
    from types_boto3_datasync.literals import TaskModeType

DESTINATION = "fs-0bbbbbbbbbbbbbbbb"


def versioned(account: Account, bucket: str) -> str:
    account.s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    return bucket


def manifest(account: Account, text: str | bytes, **source: str) -> dict[str, Any]:
    """Put a manifest in a bucket of its own; gives the ManifestConfig."""
    bucket = f"lists-{account.number}"
    if bucket not in [each["Name"] for each in account.s3.list_buckets()["Buckets"]]:
        account.bucket("lists")
    account.s3.put_object(Bucket=bucket, Key="in/list.csv", Body=text)
    return {
        "Action": "TRANSFER",
        "Format": "CSV",
        "Source": {
            "S3": {
                "S3BucketArn": f"arn:aws:s3:::{bucket}",
                "ManifestObjectPath": "in/list.csv",
                "BucketAccessRoleArn": account.any_role,
                **source,
            }
        },
    }


def keys(account: Account, bucket: str) -> dict[str, bytes]:
    found = account.s3.list_objects_v2(Bucket=bucket).get("Contents", [])
    return {each["Key"]: account.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}


@pytest.fixture
def source(account: Account) -> str:
    return account.bucket("source", **{"in/a.txt": b"a", "in/deep/b.txt": b"b", "in/c, d.txt": b"cd", "a.txt": b"no"})


@pytest.fixture
def target(account: Account) -> str:
    return account.bucket("target", **{"out/old.txt": b"old"})


@pytest.fixture
def task(account: Account, source: str, target: str) -> str:
    beginning, end = account.s3_location(source, Subdirectory="in"), account.s3_location(target, Subdirectory="out")
    return account.task(beginning, end, ManifestConfig=manifest(account, 'deep/b.txt\n"c, d.txt"\n'))


@pytest.mark.parametrize("mode", ["BASIC", "ENHANCED"])
def test_what_the_manifest_lists_is_transferred(account: Account, source: str, target: str, mode: TaskModeType) -> None:
    beginning, end = account.s3_location(source, Subdirectory="in"), account.s3_location(target, Subdirectory="out")
    config: Any = manifest(account, 'deep/b.txt\n"c, d.txt"\n')
    task = account.task(beginning, end, ManifestConfig=config, TaskMode=mode)
    assert account.datasync.describe_task(TaskArn=task)["ManifestConfig"] == config
    run = account.ended(account.start(task))
    assert (run["Status"], run["FilesTransferred"], run["FilesVerified"]) == ("SUCCESS", 2, 2)
    assert run["ManifestConfig"] == config
    assert keys(account, target) == {"out/old.txt": b"old", "out/deep/b.txt": b"b", "out/c, d.txt": b"cd"}
    if mode == "ENHANCED":
        assert run["FilesListed"]["AtSource"] == 2


def test_versions_of_objects(account: Account, target: str) -> None:
    source = versioned(account, account.bucket("versions"))
    first = account.s3.put_object(Bucket=source, Key="a", Body=b"first", Metadata={"v": "1"})["VersionId"]
    account.s3.put_object(Bucket=source, Key="a", Body=b"second")
    account.s3.put_object(Bucket=source, Key="b", Body=b"now")
    account.s3.delete_object(Bucket=source, Key="a")
    listed: Any = manifest(account, f"a,{first}\nb\n")
    task = account.task(account.s3_location(source), account.s3_location(target), ManifestConfig=listed)
    run = account.ended(account.start(task))
    assert (run["Status"], run["FilesTransferred"]) == ("SUCCESS", 2)
    assert keys(account, target) == {"a": b"first", "b": b"now", "out/old.txt": b"old"}
    assert account.s3.head_object(Bucket=target, Key="a")["Metadata"]["v"] == "1"
    again = account.ended(account.start(task))
    assert (again["Status"], again["FilesTransferred"]) == ("SUCCESS", 0)


def test_versions_need_a_role_that_may_read_them(account: Account, target: str) -> None:
    source = versioned(account, account.bucket("versions"))
    version = account.s3.put_object(Bucket=source, Key="a", Body=b"first")["VersionId"]
    role = account.role("few", actions=("s3:ListBucket", "s3:GetObject", "s3:GetObjectTagging"))
    beginning = account.s3_location(source, S3Config={"BucketAccessRoleArn": role})
    listed: Any = manifest(account, f"a,{version}")
    run = account.ended(account.start(account.task(beginning, account.s3_location(target), ManifestConfig=listed)))
    assert run["Status"] == "ERROR"
    assert "could not perform s3:GetObjectVersion" in run["Result"]["ErrorDetail"]


def test_the_version_of_the_manifest_itself(account: Account, task: str, target: str) -> None:
    versioned(account, f"lists-{account.number}")
    config: Any = manifest(account, "a.txt")
    version = account.s3.head_object(Bucket=f"lists-{account.number}", Key="in/list.csv")["VersionId"]
    manifest(account, "deep/b.txt")
    config["Source"]["S3"]["ManifestObjectVersionId"] = version
    account.ended(account.start(task, ManifestConfig=config))
    assert keys(account, target) == {"out/old.txt": b"old", "out/a.txt": b"a"}


def test_what_is_not_there_is_named_and_the_rest_arrives(account: Account, task: str, target: str) -> None:
    run = account.ended(account.start(task, ManifestConfig=manifest(account, "a.txt\nnowhere.txt\ndeep")))
    assert run["Status"] == "ERROR"
    assert "files skipped due to errors" in run["Result"]["ErrorDetail"]
    assert run["FilesTransferred"] == 1
    assert keys(account, target) == {"out/old.txt": b"old", "out/a.txt": b"a"}


def test_a_file_system_s_files_are_found_without_looking_elsewhere(account: Account, target: str) -> None:
    folder = account.efs_folder()
    (folder / "deep").mkdir(mode=0o750)
    (folder / "deep/a").write_bytes(b"a")
    (folder / "unlisted").write_bytes(b"no")
    os.utime(folder / "deep/a", (1_700_000_000, 1_700_000_000))
    listed: Any = manifest(account, "deep/a")
    task = account.task(account.efs_location(), account.efs_location(DESTINATION), ManifestConfig=listed)
    run = account.ended(account.start(task))
    arrived = account.efs_folder(DESTINATION)
    assert run["Status"] == "SUCCESS"
    assert [path.relative_to(arrived).as_posix() for path in sorted(arrived.rglob("*"))] == ["deep", "deep/a"]
    assert (arrived / "deep/a").stat().st_mtime == 1_700_000_000
    assert (arrived / "deep").stat().st_mode & 0o777 == 0o750


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a.txt\nfolder/\n", "line 2: 'folder/' is not the path of a file or an object"),
        (b"a.txt\n\xff", "line 2: it is not valid UTF-8"),
    ],
)
def test_a_manifest_that_is_none_fails_the_run(
    account: Account, task: str, target: str, text: str | bytes, reason: str
) -> None:
    run = account.ended(account.start(task, ManifestConfig=manifest(account, text)))
    assert (run["Status"], run["Result"]["ErrorCode"]) == ("ERROR", "InvalidManifest")
    assert reason in run["Result"]["ErrorDetail"]
    assert f"lists-{account.number}/in/list.csv" in run["Result"]["ErrorDetail"]
    assert keys(account, target) == {"out/old.txt": b"old"}


@pytest.mark.parametrize("missing", [{"ManifestObjectPath": "no.csv"}, {"ManifestObjectVersionId": "none"}])
def test_a_manifest_that_does_not_exist_fails_the_run(account: Account, task: str, missing: dict[str, str]) -> None:
    run = account.ended(account.start(task, ManifestConfig=manifest(account, "a.txt", **missing)))
    assert (run["Status"], run["Result"]["ErrorCode"]) == ("ERROR", "InvalidManifest")
    assert "The specified key does not exist" in run["Result"]["ErrorDetail"]


def test_versions_only_from_s3(account: Account, target: str) -> None:
    account.efs_folder()
    listed: Any = manifest(account, "a,1")
    run = account.ended(
        account.start(account.task(account.efs_location(), account.s3_location(target), ManifestConfig=listed))
    )
    assert "a version ID must not be empty, and needs an S3 location" in run["Result"]["ErrorDetail"]


FILTER = [{"FilterType": "SIMPLE_PATTERN", "Value": "/a"}]


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"Includes": FILTER}, "ManifestConfig can't be used together with Includes"),
        ({"Excludes": FILTER}, "ManifestConfig can't be used together with Excludes"),
        ({"Options": {"PreserveDeletedFiles": "REMOVE"}}, "Option: PreserveDeletedFiles, Value: REMOVE"),
    ],
)
def test_what_does_not_go_with_a_manifest(account: Account, task: str, more: dict[str, Any], reason: str) -> None:
    listed = manifest(account, "a.txt")
    with pytest.raises(ClientError, match=reason):
        account.efs_task(ManifestConfig=listed, **more)
    with pytest.raises(ClientError, match=reason):
        account.datasync.update_task(TaskArn=task, **more)
    overrides = {"OverrideOptions": more["Options"]} if "Options" in more else more
    with pytest.raises(ClientError, match=reason):
        account.start(task, **overrides)
    filtered = account.efs_task(**more)
    with pytest.raises(ClientError, match=reason):
        account.start(filtered, ManifestConfig=listed)


def test_an_empty_configuration_clears_it(account: Account, task: str, target: str) -> None:
    account.datasync.update_task(TaskArn=task, ManifestConfig={})
    assert "ManifestConfig" not in account.datasync.describe_task(TaskArn=task)
    run = account.ended(account.start(task))
    assert run["Status"] == "SUCCESS"
    assert keys(account, target).keys() == {"out/old.txt", "out/a.txt", "out/deep/b.txt", "out/c, d.txt"}
