"""What every store must do, and what each does beyond it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest

from datasync_emulator.dataplane.entry import Entry, Kind
from datasync_emulator.dataplane.rules import Rules
from datasync_emulator.dataplane.stores.folder import FolderStore
from datasync_emulator.dataplane.stores.moto import MotoStore
from datasync_emulator.dataplane.stores.port import Store
from datasync_emulator.dataplane.target import attributes_match, target_of
from tests.emulator.dataplane.locations import Bucket, plant, tree

SPOOLED = 6 * 2**20  # more than moto keeps in memory
LINK = Entry("d/link", Kind.LINK, 6, mtime_ns=5_000_000)
FILE = Entry("d/file", Kind.FILE, 5, mtime_ns=7_000_000, atime_ns=8_000_000, mode=0o640)
FOLDER = Entry("d", Kind.FOLDER, mtime_ns=9_000_000, mode=0o750)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        with closing(FolderStore(tmp_path, "/")) as folder:
            yield folder
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        with closing(MotoStore(bucket.name, "some/prefix/")) as objects:
            yield objects


def rules_for(store: Store) -> Rules:
    to_folder = isinstance(store, FolderStore)
    return Rules(to_folder=to_folder, object_metadata=False, object_tags=False, uid=False, gid=False)


def write(store: Store, entry: Entry, content: bytes) -> Entry:
    target = target_of(replace(entry, size=len(content)), None, rules_for(store))
    writer = store.create(target)
    try:
        for start in range(0, len(content), 1000):
            writer.write(content[start : start + 1000])
        writer.commit()
    finally:
        writer.discard()
    return target


def read(store: Store, entry: Entry) -> bytes:
    reader = store.open(entry)
    try:
        return b"".join(iter(lambda: reader.read(777), b""))
    finally:
        reader.close()


def names(store: Store) -> set[str]:
    return {entry.name for entry in store.walk(no_problem) if not entry.path.startswith(".aws-datasync")}


def no_problem(kind: Kind, path: str, reason: str) -> None:
    raise AssertionError((kind, path, reason))


@pytest.mark.parametrize("entry", [FILE, LINK], ids=lambda entry: entry.kind.name)
def test_what_is_written_is_found_and_read(store: Store, entry: Entry) -> None:
    store.make_folder(target_of(FOLDER, None, rules_for(store)))
    target = write(store, entry, b"target")
    found = store.stat(entry)
    assert found is not None
    assert (found.kind, found.size) == (entry.kind, 6)
    assert attributes_match(found, target, rules_for(store))
    assert found in list(store.walk(no_problem))
    assert read(store, entry) == b"target"


def test_nothing_is_seen_before_it_is_whole(store: Store) -> None:
    writer = store.create(target_of(replace(FILE, path="file"), None, rules_for(store)))
    writer.write(b"half")
    assert names(store) == set()
    writer.discard()
    writer.discard()
    assert names(store) == set()


@pytest.mark.parametrize("size", [10, SPOOLED])
def test_a_reader_keeps_what_it_opened(store: Store, size: int) -> None:
    entry = replace(FILE, path="file")
    write(store, entry, b"x" * size)
    reader = store.open(entry)
    first = reader.read(5)
    write(store, entry, b"y" * size)
    rest = b"".join(iter(lambda: reader.read(2**20), b""))
    reader.close()
    assert first + rest == b"x" * size
    assert read(store, entry) == b"y" * size


def test_attributes_change_without_the_content(store: Store) -> None:
    entry = replace(FILE, path="file")
    write(store, entry, b"content")
    target = target_of(replace(entry, mode=0o600, mtime_ns=3_000_000), None, rules_for(store))
    store.touch(target)
    found = store.stat(entry)
    assert found is not None
    assert attributes_match(found, target, rules_for(store))
    assert read(store, entry) == b"content"


def test_folders_are_made_touched_and_deleted(store: Store) -> None:
    target = target_of(FOLDER, None, rules_for(store))
    store.make_folder(target)
    store.make_folder(target)
    store.touch(target)
    found = store.stat(FOLDER)
    assert found is not None
    assert attributes_match(found, target, rules_for(store))
    assert names(store) == {"d/"}
    assert store.delete(FOLDER)
    assert names(store) == set()


@pytest.mark.parametrize("kind", [Kind.FOLDER, Kind.FILE])
def test_what_is_not_there(store: Store, kind: Kind) -> None:
    assert store.stat(Entry("no/such", kind)) is None
    with pytest.raises(FileNotFoundError):
        store.open(Entry("no/such", Kind.FILE))


def test_a_file_is_not_a_folder(store: Store) -> None:
    write(store, replace(FILE, path="file"), b"")
    assert store.stat(Entry("file", Kind.FOLDER)) is None


# Folders


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    return plant(tmp_path / "outside", {"secret": b"secret", "folder/": b""})


@pytest.fixture
def inside(tmp_path: Path, outside: Path) -> Iterator[FolderStore]:
    """A folder that a link leads out of."""
    root = plant(tmp_path / "inside", {"way": f"-> {outside}", "name": f"-> {outside}/secret"})
    with closing(FolderStore(root, "/")) as store:
        yield store


ESCAPES: list[Callable[[FolderStore], object]] = [
    lambda store: store.open(Entry("way/secret", Kind.FILE)),
    lambda store: store.open(Entry("name", Kind.FILE)),
    lambda store: store.open(Entry("../outside/secret", Kind.FILE)),
    lambda store: store.open(Entry("way/../../outside/secret", Kind.FILE)),
    lambda store: write(store, Entry("way/new", Kind.FILE), b"new"),
    lambda store: write(store, Entry("way/new", Kind.LINK), b"new"),
    lambda store: write(store, Entry("../new", Kind.FILE), b"new"),
    lambda store: write(store, Entry("..", Kind.FILE), b"new"),
    lambda store: store.make_folder(Entry("way", Kind.FOLDER)),
    lambda store: store.make_folder(Entry("way/new", Kind.FOLDER)),
    lambda store: store.touch(Entry("way/secret", Kind.FILE, mode=0o777)),
    lambda store: store.touch(Entry("name", Kind.FILE, mode=0o777)),
    lambda store: store.touch(Entry("way", Kind.FOLDER, mode=0o777)),
    lambda store: store.delete(Entry("way/secret", Kind.FILE)),
    lambda store: store.delete(Entry("way/folder", Kind.FOLDER)),
]


@pytest.mark.parametrize("escape", ESCAPES)
def test_nothing_leads_out_of_a_folder(
    inside: FolderStore, outside: Path, escape: Callable[[FolderStore], object]
) -> None:
    before = tree(outside), (outside / "secret").stat()
    with pytest.raises(OSError, match=r".+"):
        escape(inside)
    assert (tree(outside), (outside / "secret").stat()) == before
    assert inside.stat(Entry("way/secret", Kind.FILE)) is None


def test_a_file_takes_a_link_s_place_and_leaves_its_target(inside: FolderStore, outside: Path) -> None:
    write(inside, Entry("name", Kind.FILE), b"new")
    assert read(inside, Entry("name", Kind.FILE)) == b"new"
    assert (outside / "secret").read_bytes() == b"secret"


@pytest.mark.parametrize("subdirectory", ["/way/", "/way/folder", "/../outside", "/missing", "/name"])
def test_a_location_cannot_begin_outside_its_file_system(
    inside: FolderStore, tmp_path: Path, subdirectory: str
) -> None:
    with pytest.raises(OSError, match=r".+"):
        FolderStore(tmp_path / "inside", subdirectory)


def test_new_files_do_not_grow_outside(tmp_path: Path, outside: Path) -> None:
    plant(tmp_path / "root", {".aws-datasync": f"-> {outside}"})
    with closing(FolderStore(tmp_path / "root", "/")) as store, pytest.raises(OSError, match=r".+"):
        write(store, Entry("a", Kind.FILE), b"new")
    assert set(tree(outside)) == {"secret", "folder/"}


def test_what_was_not_finished_is_cleared_away(tmp_path: Path) -> None:
    with closing(FolderStore(tmp_path, "/")) as store:
        store.create(Entry("a", Kind.FILE)).write(b"half")
        write(store, Entry("b", Kind.FILE), b"whole")
    assert tree(tmp_path) == {"b": b"whole"}


def test_only_files_folders_and_links_are_listed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with closing(FolderStore(tmp_path, "/")) as store:
        assert names(store) == set()
        with pytest.raises(OSError, match="Not a regular file"):
            store.open(Entry("pipe", Kind.FILE))


def test_a_folder_that_cannot_be_listed_is_a_problem(tmp_path: Path) -> None:
    plant(tmp_path / "root", {"d/inner": b"", "e": b""})
    problems: list[tuple[Kind, str]] = []
    with closing(FolderStore(tmp_path / "root", "/")) as store:
        walk = store.walk(lambda kind, path, _: problems.append((kind, path)))
        first = next(walk)
        (tmp_path / "root/d").rename(tmp_path / "gone")
        assert {first.name, *(entry.name for entry in walk)} == {"d/", "e"}
    assert problems == [(Kind.FOLDER, "d")]


def test_a_folder_that_still_holds_something_stays(tmp_path: Path) -> None:
    plant(tmp_path, {"d/hidden": b""})
    with closing(FolderStore(tmp_path, "/")) as store:
        assert not store.delete(FOLDER)
    assert (tmp_path / "d/hidden").exists()


@pytest.mark.parametrize("content", [b"", b"a\0b", b"x" * 5000])
def test_what_can_be_no_link_is_refused(tmp_path: Path, content: bytes) -> None:
    with closing(FolderStore(tmp_path, "/")) as store, pytest.raises(OSError, match=r".+"):
        write(store, Entry("link", Kind.LINK), content)
    assert tree(tmp_path) == {}


# Buckets


@pytest.mark.parametrize("size", [0, 10, SPOOLED])
def test_objects_are_as_s3_clients_expect_them(bucket: Bucket, size: int) -> None:
    content = os.urandom(size)
    with closing(MotoStore(bucket.name, "")) as store:
        write(store, FILE, content)
    found = bucket.client.get_object(Bucket=bucket.name, Key="d/file")
    assert found["Body"].read() == content
    assert found["ContentLength"] == size
    assert found["ETag"].strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest()
    assert found["Metadata"]["file-permissions"] == "0640"


@pytest.mark.parametrize("key", ["p//a", "p/a//b", "p/../a", "p/./a", "p/..", "p/a/./", "p/a\0b"])
def test_keys_that_no_path_stands_for_are_problems(bucket: Bucket, key: str) -> None:
    bucket.put("p/fine")
    with closing(MotoStore(bucket.name, "p/")) as store:
        write_raw(bucket, key)
        problems: list[str] = []
        found = [entry.name for entry in store.walk(lambda _kind, path, _reason: problems.append(path))]
    assert (found, problems) == (["fine"], [key])


def write_raw(bucket: Bucket, key: str) -> None:
    """As a client that does not tidy keys up on its way."""
    with closing(MotoStore(bucket.name, key)) as store:
        write(store, Entry("", Kind.FILE), b"")


def test_the_prefix_itself_is_no_entry(bucket: Bucket) -> None:
    bucket.put("p/")
    bucket.put("pq")
    with closing(MotoStore(bucket.name, "p/")) as store:
        assert names(store) == set()


def test_objects_without_metadata_have_s3_s_time_to_the_second(bucket: Bucket) -> None:
    bucket.put("a", b"abc")
    modified = bucket.client.head_object(Bucket=bucket.name, Key="a")["LastModified"]
    with closing(MotoStore(bucket.name, "")) as store:
        (found,) = store.walk(no_problem)
    assert found.mtime_ns == int(modified.timestamp()) * 10**9
    assert (found.mode, found.uid, found.gid, found.atime_ns) == (None, None, None, None)


def test_versions_are_kept_where_the_bucket_keeps_them(bucket: Bucket) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    with closing(MotoStore(bucket.name, "")) as store:
        write(store, replace(FILE, path="a"), b"one")
        write(store, replace(FILE, path="a"), b"two")
        assert store.delete(Entry("a", Kind.FILE))
        assert names(store) == set()
        assert store.stat(Entry("a", Kind.FILE)) is None
    versions = bucket.client.list_object_versions(Bucket=bucket.name)
    assert len(versions["Versions"]) == 2
    assert len(versions["DeleteMarkers"]) == 1


def test_archived_objects_are_read_only_when_restored(bucket: Bucket) -> None:
    bucket.put("a", b"cold", StorageClass="GLACIER")
    with closing(MotoStore(bucket.name, "")) as store:
        with pytest.raises(PermissionError, match="archived"):
            store.open(Entry("a", Kind.FILE))
        bucket.client.restore_object(Bucket=bucket.name, Key="a", RestoreRequest={"Days": 1})
        assert read(store, Entry("a", Kind.FILE)) == b"cold"


def test_the_bucket_s_encryption_is_used(bucket: Bucket) -> None:
    rule: Any = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "key-id"}}
    bucket.client.put_bucket_encryption(Bucket=bucket.name, ServerSideEncryptionConfiguration={"Rules": [rule]})
    with closing(MotoStore(bucket.name, "")) as store:
        write(store, replace(FILE, path="a"), b"one")
    head = bucket.client.head_object(Bucket=bucket.name, Key="a")
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "key-id")


def test_an_overwritten_object_loses_its_tags(bucket: Bucket) -> None:
    bucket.put("a", b"one", Tagging="k=v")
    with closing(MotoStore(bucket.name, "")) as store:
        write(store, replace(FILE, path="a"), b"two")
    assert bucket.tags("a") == {}


def test_notifications_are_sent(bucket: Bucket) -> None:
    sqs = boto3.client("sqs", region_name="us-east-1")
    url = sqs.create_queue(QueueName="events")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    bucket.client.put_bucket_notification_configuration(
        Bucket=bucket.name,
        NotificationConfiguration={"QueueConfigurations": [{"QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]},
    )
    sqs.purge_queue(QueueUrl=url)
    with closing(MotoStore(bucket.name, "")) as store:
        write(store, replace(FILE, path="a"), b"one")
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    (record,) = json.loads(message["Body"])["Records"]
    assert (record["eventName"], record["s3"]["object"]["key"]) == ("ObjectCreated:Put", "a")


@pytest.mark.parametrize("path", ["x" * 1025, "bad\udcff"])
def test_what_can_be_no_key_is_refused(bucket: Bucket, path: str) -> None:
    with closing(MotoStore(bucket.name, "")) as store, pytest.raises(OSError, match=r"key"):
        store.create(Entry(path, Kind.FILE))


def test_a_bucket_must_exist(bucket: Bucket) -> None:
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        MotoStore("no-such-bucket", "")
    bucket.client.delete_bucket(Bucket=bucket.name)
    with pytest.raises(FileNotFoundError, match="bucket does not exist"):
        MotoStore(bucket.name, "")
