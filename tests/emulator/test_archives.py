"""Destinations in an archive storage class."""

from __future__ import annotations

import os

import pytest
from botocore.exceptions import ClientError

from tests.support.account import Account

LARGE, SMALL = os.urandom(64 * 1024), b"small"


@pytest.fixture
def source(account: Account) -> str:
    folder = account.efs_folder()
    (folder / "large").write_bytes(LARGE)
    (folder / "small").write_bytes(SMALL)
    return account.efs_location()


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
@pytest.mark.parametrize("verify", ["ONLY_FILES_TRANSFERRED", "NONE"])
def test_archived_objects_are_verified_by_what_s3_knows_of_them(
    account: Account, source: str, storage_class: str, verify: str
) -> None:
    bucket = account.bucket("archive")
    destination = account.s3_location(bucket, S3StorageClass=storage_class)
    task = account.task(source, destination, Options={"VerifyMode": verify})
    run = account.ended(account.start(task))
    assert (run["Status"], run["FilesTransferred"]) == ("SUCCESS", 2)
    assert run["FilesVerified"] == (0 if verify == "NONE" else 2)
    assert account.s3.head_object(Bucket=bucket, Key="large")["StorageClass"] == storage_class
    assert "StorageClass" not in account.s3.head_object(Bucket=bucket, Key="small")
    again = account.ended(account.start(task))
    assert (again["Status"], again["FilesTransferred"]) == ("SUCCESS", 0)
    with pytest.raises(ClientError, match="InvalidObjectState"):
        account.s3.get_object(Bucket=bucket, Key="large")


@pytest.mark.parametrize("storage_class", ["GLACIER", "DEEP_ARCHIVE"])
def test_all_of_an_archive_can_not_be_verified(account: Account, source: str, storage_class: str) -> None:
    destination = account.s3_location(account.bucket("archive"), S3StorageClass=storage_class)
    reason = "Option: VerifyMode, Value: POINT_IN_TIME_CONSISTENT. Objects in an archive storage class"
    for options in ({"VerifyMode": "POINT_IN_TIME_CONSISTENT"}, {}):
        with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=reason):
            account.task(source, destination, Options=options)
    task = account.task(source, destination, Options={"VerifyMode": "NONE"})
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=reason):
        account.start(task, OverrideOptions={"VerifyMode": "POINT_IN_TIME_CONSISTENT"})


def test_an_archived_source_is_not_read_until_it_is_restored(account: Account) -> None:
    bucket, target = account.bucket("archive"), account.bucket("target")
    account.s3.put_object(Bucket=bucket, Key="large", Body=LARGE, StorageClass="GLACIER")
    task = account.task(account.s3_location(bucket), account.s3_location(target))
    run = account.ended(account.start(task))
    assert (run["Status"], run["FilesTransferred"]) == ("ERROR", 0)
    account.s3.restore_object(Bucket=bucket, Key="large", RestoreRequest={"Days": 1})
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    assert account.s3.get_object(Bucket=target, Key="large")["Body"].read() == LARGE
