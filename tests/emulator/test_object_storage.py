"""Object storage: bytes, metadata and refusals, against the emulator's own S3 and against a server that is not moto."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from tests.emulator.location_cases import agent
from tests.emulator.object_servers import ObjectServer, rclone, rclone_server, s3_client
from tests.support.account import Account
from tests.support.emulator import Emulator, start_emulator

LARGE = os.urandom(3 << 20)
_numbers = itertools.count()


@pytest.fixture(scope="module")
def rclone_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectServer]:
    program = rclone()
    if program is None:
        pytest.skip("rclone 1.65 or newer is not installed, so there is no S3 server that is not moto")
    with rclone_server(program, tmp_path_factory.mktemp("rclone")) as server:
        yield server


@pytest.fixture
def own_s3(emulator: Emulator, account: Account) -> ObjectServer:
    address = urlsplit(emulator.endpoint)
    assert address.hostname
    assert address.port
    client = s3_client(emulator.endpoint, account.number, "none")
    return ObjectServer(address.hostname, address.port, account.number, "none", client)


@pytest.fixture(params=["rclone_s3", "own_s3"])
def server(request: pytest.FixtureRequest) -> ObjectServer:
    found: ObjectServer = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def bucket(server: ObjectServer) -> str:
    """A bucket of the server's."""
    name = f"remote-{os.getpid()}-{next(_numbers)}"
    server.client.create_bucket(Bucket=name)
    return name


def location(account: Account, server: ObjectServer, bucket: str, **more: object) -> str:
    create: Any = account.datasync.create_location_object_storage
    given = {
        "ServerHostname": server.host,
        "ServerPort": server.port,
        "ServerProtocol": "HTTP",
        "BucketName": bucket,
        "AccessKey": server.key,
        "SecretKey": server.secret,
        "AgentArns": [agent(account)],
    }
    arn: str = create(**{name: value for name, value in (given | more).items() if value is not None})["LocationArn"]
    return arn


def test_objects_travel_there_and_back(account: Account, server: ObjectServer, bucket: str) -> None:
    source = account.bucket("source", **{"a/b": b"content", "large": LARGE, "empty": b""})
    account.s3.put_object(Bucket=source, Key="plain", Body=b"x", Metadata={"colour": "red"}, ContentType="text/x-test")
    there = location(account, server, bucket, Subdirectory="/deep/down")
    run = account.ended(account.start(account.task(account.s3_location(source), there)))
    assert run["Status"] == "SUCCESS", run["Result"]
    assert (run["FilesTransferred"], run["FilesVerified"]) == (4, 4)
    listed = server.client.list_objects_v2(Bucket=bucket)["Contents"]
    assert sorted(each["Key"] for each in listed) == [f"deep/down/{key}" for key in ("a/b", "empty", "large", "plain")]
    assert server.client.get_object(Bucket=bucket, Key="deep/down/large")["Body"].read() == LARGE

    back = account.bucket("back")
    run = account.ended(account.start(account.task(there, account.s3_location(back))))
    assert run["Status"] == "SUCCESS", run["Result"]
    assert account.s3.get_object(Bucket=back, Key="a/b")["Body"].read() == b"content"
    described = account.s3.head_object(Bucket=back, Key="plain")
    assert described["Metadata"]["colour"] == "red"


def test_only_what_differs_is_sent_and_what_is_gone_is_deleted(
    account: Account, server: ObjectServer, bucket: str
) -> None:
    source = account.bucket("source", kept=b"1", changed=b"1", gone=b"1")
    task = account.task(
        account.s3_location(source), location(account, server, bucket), Options={"PreserveDeletedFiles": "REMOVE"}
    )
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    account.s3.put_object(Bucket=source, Key="changed", Body=b"22")
    account.s3.delete_object(Bucket=source, Key="gone")
    run = account.ended(account.start(task))
    assert run["Status"] == "SUCCESS", run["Result"]
    assert (run["FilesTransferred"], run["FilesDeleted"], run["FilesSkipped"]) == (1, 1, 1)
    assert server.client.get_object(Bucket=bucket, Key="changed")["Body"].read() == b"22"


def test_files_travel_with_their_attributes(account: Account, server: ObjectServer, bucket: str) -> None:
    # No folders: rclone takes the empty object that stands for one for a file.
    folder, back = account.efs_folder("fs-0aaaaaaaaaaaaaaaa"), account.efs_folder("fs-0bbbbbbbbbbbbbbbb")
    (folder / "file").write_bytes(b"content")
    (folder / "file").chmod(0o640)
    (folder / "link").symlink_to("file")
    there = location(account, server, bucket)
    run = account.ended(account.start(account.task(account.efs_location("fs-0aaaaaaaaaaaaaaaa"), there)))
    assert run["Status"] == "SUCCESS", run["Result"]
    run = account.ended(account.start(account.task(there, account.efs_location("fs-0bbbbbbbbbbbbbbbb"))))
    assert run["Status"] == "SUCCESS", run["Result"]
    assert (back / "file").read_bytes() == b"content"
    assert (back / "file").stat().st_mode & 0o777 == 0o640
    assert (back / "link").readlink() == Path("file")


def test_folders_travel_as_empty_objects(account: Account, own_s3: ObjectServer) -> None:
    own_s3.client.create_bucket(Bucket=f"remote-{account.number}")
    folder, back = account.efs_folder("fs-0aaaaaaaaaaaaaaaa"), account.efs_folder("fs-0bbbbbbbbbbbbbbbb")
    (folder / "hollow" / "deep").mkdir(parents=True)
    (folder / "hollow").chmod(0o750)
    there = location(account, own_s3, f"remote-{account.number}")
    account.ended(account.start(account.task(account.efs_location("fs-0aaaaaaaaaaaaaaaa"), there)))
    keys = [each["Key"] for each in own_s3.client.list_objects_v2(Bucket=f"remote-{account.number}")["Contents"]]
    assert keys == ["hollow/", "hollow/deep/"]
    account.ended(account.start(account.task(there, account.efs_location("fs-0bbbbbbbbbbbbbbbb"))))
    assert (back / "hollow" / "deep").is_dir()
    assert (back / "hollow").stat().st_mode & 0o777 == 0o750


def test_a_wrong_key_a_missing_bucket_and_a_missing_server_fail_the_run(
    account: Account, server: ObjectServer, bucket: str
) -> None:
    target = account.s3_location(account.bucket("target"))
    wrong = {"BucketName": "nowhere-to-be-found"}, {"ServerPort": 1}
    for changes in wrong:
        run = account.ended(account.start(account.task(location(account, server, bucket, **changes), target)))
        assert run["Status"] == "ERROR"
        assert run["Result"]["ErrorDetail"].startswith("Task failed to access location loc-")
        assert server.secret not in str(run)


def test_a_server_that_checks_keys_refuses_a_wrong_one(account: Account, rclone_s3: ObjectServer) -> None:
    rclone_s3.client.create_bucket(Bucket="guarded")
    target = account.s3_location(account.bucket("target"))
    source = location(account, rclone_s3, "guarded", SecretKey="wrong")
    task = account.task(source, target)
    assert account.ended(account.start(task))["Status"] == "ERROR"
    account.datasync.update_location_object_storage(LocationArn=source, SecretKey=rclone_s3.secret)
    assert account.ended(account.start(task))["Status"] == "SUCCESS"


def test_enhanced_mode_needs_no_agent(account: Account, own_s3: ObjectServer) -> None:
    own_s3.client.create_bucket(Bucket=f"remote-{account.number}")
    own_s3.client.put_object(Bucket=f"remote-{account.number}", Key="file", Body=b"content", Tagging="size=large")
    source = location(account, own_s3, f"remote-{account.number}", AgentArns=None)
    target = account.bucket("target")
    run = account.ended(account.start(account.task(source, account.s3_location(target), TaskMode="ENHANCED")))
    assert (run["Status"], run["FilesTransferred"]) == ("SUCCESS", 1)
    tags = account.s3.get_object_tagging(Bucket=target, Key="file")["TagSet"]
    assert tags == [{"Key": "size", "Value": "large"}]


def test_a_name_may_stand_for_a_server_elsewhere(tmp_path: Path, emulator: Emulator) -> None:
    with start_emulator(tmp_path, "--object-storage", f"minio.example.com={emulator.endpoint}") as other:
        account = Account(other, "111122223333")
        client = s3_client(emulator.endpoint, "111122223333", "none")
        client.create_bucket(Bucket=f"named-{os.getpid()}")
        client.put_object(Bucket=f"named-{os.getpid()}", Key="file", Body=b"content")
        server = ObjectServer("minio.example.com", 443, "111122223333", "none", client)
        source = location(account, server, f"named-{os.getpid()}", ServerProtocol="HTTPS")
        target = account.bucket("target")
        run = account.ended(account.start(account.task(source, account.s3_location(target))))
        assert run["Status"] == "SUCCESS", run["Result"]
        assert account.s3.get_object(Bucket=target, Key="file")["Body"].read() == b"content"


def test_a_mapping_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not start"), start_emulator(tmp_path, "--object-storage", "minio"):
        pass


def test_both_ways_of_authentication_at_once_are_refused(account: Account, own_s3: ObjectServer) -> None:
    identity = {"AwsIamRole": f"arn:aws:iam::{account.number}:role/r"}
    with pytest.raises(ClientError, match="Use either FederatedIdentity or AccessKey and SecretKey"):
        location(account, own_s3, "bucket", FederatedIdentity=identity)
