"""What travels between storage systems with different kinds of metadata."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from datasync_emulator.dataplane import CopyFailed, FolderEndpoint, Metadata
from datasync_emulator.dataplane.stores.attributes import PosixAttributes
from datasync_emulator.dataplane.stores.folder import FolderStore
from tests.emulator.dataplane.locations import EPOCH_NS, Bucket, Copy, plant, tree

OWNER, DACL, SACL = "S-1-5-21-1", "D:(A;;FA;;;WD)", "S:(AU;SAFA;WDWO;;;WD)"
ROOT = os.geteuid() == 0
needs_root = pytest.mark.skipif(not ROOT, reason="only root can give files away and make devices")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = plant(tmp_path / "source", {"file": b"content", "folder/inner": b"more"})
    (root / "file").chmod(0o640)
    os.utime(root / "file", ns=(EPOCH_NS, EPOCH_NS))
    if ROOT:
        os.chown(root / "file", 1234, 5678)
    return root


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return plant(tmp_path / "target", {})


def at(root: Path, metadata: Metadata = Metadata.POSIX) -> FolderEndpoint:
    return FolderEndpoint(root, "/", "loc-0fedcba9876543210", metadata)


def descriptor(path: Path) -> dict[str, str]:
    prefix = "user.windows."
    return {
        name.removeprefix(prefix): os.getxattr(path, name).decode()
        for name in os.listxattr(path)
        if name.startswith(prefix)
    }


def describe(path: Path) -> None:
    for part, text in (("owner", OWNER), ("dacl", DACL), ("sacl", SACL)):
        os.setxattr(path, f"user.windows.{part}", text.encode())


# Windows


@pytest.mark.parametrize(
    ("flags", "parts"),
    [
        ("OWNER_DACL", {"owner": OWNER, "dacl": DACL}),
        ("OWNER_DACL_SACL", {"owner": OWNER, "dacl": DACL, "sacl": SACL}),
        ("NONE", {}),
    ],
)
def test_security_descriptors_travel_as_far_as_the_flags_say(
    source: Path, target: Path, flags: str, parts: dict[str, str]
) -> None:
    for path in (source / "file", source / "folder"):
        describe(path)
    both = at(source, Metadata.WINDOWS), at(target, Metadata.WINDOWS)
    options = {"SecurityDescriptorCopyFlags": flags, "Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"}
    Copy(*both, options).run()
    assert tree(target) == tree(source)
    assert descriptor(target / "file") == descriptor(target / "folder") == parts
    assert (target / "file").stat().st_mtime_ns == EPOCH_NS
    assert Copy(*both, options).run()["FilesTransferred"] == 0


def test_a_changed_descriptor_is_copied_without_the_content(source: Path, target: Path) -> None:
    both = at(source, Metadata.WINDOWS), at(target, Metadata.WINDOWS)
    describe(source / "file")
    Copy(*both, {"SecurityDescriptorCopyFlags": "OWNER_DACL"}).run()
    os.setxattr(source / "file", "user.windows.dacl", b"D:(D;;FA;;;WD)")
    copy = Copy(*both, {"SecurityDescriptorCopyFlags": "OWNER_DACL"}).run()
    assert (copy["FilesTransferred"], copy["BytesTransferred"]) == (1, 0)
    assert descriptor(target / "file")["dacl"] == "D:(D;;FA;;;WD)"


@needs_root
def test_from_windows_files_get_the_default_attributes(source: Path, target: Path, bucket: Bucket) -> None:
    options = {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"}
    Copy(at(source, Metadata.WINDOWS), at(target), options).run()
    status = (target / "file").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o644, 65534, 65534)
    assert stat.S_IMODE((target / "folder").stat().st_mode) == 0o755
    Copy(at(source, Metadata.WINDOWS), bucket.endpoint(), options).run()
    assert bucket.metadata("file") == {
        "file-owner": "65534",
        "file-group": "65534",
        "file-permissions": "0644",
        "file-mtime": str(EPOCH_NS // 10**6),
        "file-atime": bucket.metadata("file")["file-atime"],
    }


@needs_root
def test_to_windows_only_times_travel(source: Path, target: Path) -> None:
    Copy(at(source), at(target, Metadata.WINDOWS), {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE"}).run()
    status = (target / "file").stat()
    assert status.st_mtime_ns == EPOCH_NS
    assert (status.st_uid, status.st_gid) == (0, 0)
    assert descriptor(target / "file") == {}


@pytest.mark.parametrize("kinds", [(Metadata.WINDOWS, Metadata.WINDOWS), (Metadata.POSIX, Metadata.WINDOWS)])
def test_links_fail_where_windows_is_involved(source: Path, target: Path, kinds: tuple[Metadata, Metadata]) -> None:
    (source / "link").symlink_to("file")
    copy = Copy(at(source, kinds[0]), at(target, kinds[1]))
    with pytest.raises(CopyFailed, match="Selected files transferred except for files skipped due to errors"):
        copy.run()
    assert not (target / "link").exists()
    assert (target / "file").read_bytes() == b"content"


# HDFS


@needs_root
def test_hdfs_gives_permissions_and_takes_times(source: Path, target: Path, tmp_path: Path, bucket: Bucket) -> None:
    Copy(at(source, Metadata.HDFS), at(target)).run()
    status = (target / "file").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o640, 65534, 65534)
    back = plant(tmp_path / "back", {})
    (source / "link").symlink_to("file")
    copy = Copy(at(source), at(back, Metadata.HDFS)).run()
    assert copy["FilesSkipped"] == 1
    status = (back / "file").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_mtime_ns) == (0o644, 0, EPOCH_NS)
    Copy(at(source, Metadata.HDFS), bucket.endpoint()).run()
    assert bucket.metadata("file")["file-permissions"] == "0640"


# Containers of blobs


def test_a_blob_keeps_an_objects_metadata_and_tags(bucket: Bucket, target: Path, other_bucket: Bucket) -> None:
    bucket.put("a/b", b"content", Metadata={"colour": "red"}, Tagging="size=large", ContentType="text/x-test")
    bucket.put("empty/")
    copy = Copy(bucket.endpoint(), at(target, Metadata.OBJECT)).run()
    assert (copy["FilesTransferred"], copy["FilesVerified"]) == (1, 1)
    assert tree(target) == {"a/": b"", "a/b": b"content"}
    kept = json.loads(os.getxattr(target / "a/b", "user.blob"))
    assert kept["tags"] == {"size": "large"}
    assert kept["metadata"]["x-amz-meta-colour"] == "red"
    assert Copy(bucket.endpoint(), at(target, Metadata.OBJECT)).run()["FilesTransferred"] == 0

    Copy(at(target, Metadata.OBJECT), other_bucket.endpoint()).run()
    assert other_bucket.bodies() == {"a/b": b"content"}
    assert other_bucket.metadata("a/b")["colour"] == "red"
    assert other_bucket.tags("a/b") == {"size": "large"}


def test_files_in_a_container_carry_their_attributes_as_metadata(source: Path, target: Path, tmp_path: Path) -> None:
    (source / "link").symlink_to("file")
    copy = Copy(at(source), at(target, Metadata.OBJECT)).run()
    assert copy["FilesSkipped"] == 1
    assert sorted(path.relative_to(target).as_posix() for path in target.rglob("*") if path.is_file()) == [
        "file",
        "folder/inner",
    ]
    assert json.loads(os.getxattr(target / "file", "user.blob"))["metadata"]["x-amz-meta-file-permissions"] == "0640"
    back = plant(tmp_path / "back", {})
    Copy(at(target, Metadata.OBJECT), at(back)).run()
    assert stat.S_IMODE((back / "file").stat().st_mode) == 0o640
    assert (back / "file").stat().st_mtime_ns // 10**6 == EPOCH_NS // 10**6


def test_blobs_are_deleted_with_the_folders_that_they_leave_empty(bucket: Bucket, target: Path) -> None:
    plant(target, {"gone/deep/blob": b"x", "stays/blob": b"y"})
    bucket.put("stays/blob", b"z")
    Copy(bucket.endpoint(), at(target, Metadata.OBJECT), {"PreserveDeletedFiles": "REMOVE"}).run()
    assert tree(target) == {"stays/": b"", "stays/blob": b"z"}


# Devices


def can_make_devices(folder: Path) -> bool:
    try:
        os.mknod(folder / "probe", stat.S_IFCHR | 0o600, os.makedev(1, 3))
    except OSError:
        return False
    (folder / "probe").unlink()
    return True


@pytest.fixture
def null(source: Path, tmp_path: Path) -> Path:
    """A character device at the source."""
    if not can_make_devices(tmp_path):
        pytest.skip("devices can't be made here")
    os.mknod(source / "null", stat.S_IFCHR | 0o660, os.makedev(1, 3))
    (source / "null").chmod(0o660)
    os.chown(source / "null", 7, 8)
    os.utime(source / "null", ns=(EPOCH_NS, EPOCH_NS))
    return source / "null"


def test_devices_are_ignored_unless_they_are_wanted(source: Path, target: Path, null: Path) -> None:
    Copy(at(source), at(target), {"PreserveDevices": "NONE"}).run()
    assert not (target / "null").exists()


def test_devices_are_made_anew_with_their_attributes(source: Path, target: Path, null: Path, bucket: Bucket) -> None:
    options = {"PreserveDevices": "PRESERVE"}
    Copy(at(source), bucket.endpoint(), options).run()
    for beginning in (at(source), bucket.endpoint()):
        Copy(beginning, at(target), options).run()
        status = (target / "null").stat()
        assert stat.S_ISCHR(status.st_mode)
        assert status.st_rdev == os.makedev(1, 3)
        assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o660, 7, 8)
        assert status.st_mtime_ns // 10**6 == EPOCH_NS // 10**6
        assert Copy(beginning, at(target), options).run()["FilesTransferred"] == 0
        (target / "null").unlink()


def test_a_device_with_another_number_is_replaced(source: Path, target: Path, null: Path) -> None:
    os.mknod(target / "null", stat.S_IFCHR | 0o660, os.makedev(1, 5))
    os.utime(target / "null", ns=(EPOCH_NS, EPOCH_NS))
    Copy(at(source), at(target), {"PreserveDevices": "PRESERVE"}).run()
    assert (target / "null").stat().st_rdev == os.makedev(1, 3)


def test_a_device_in_a_bucket_is_no_device_unless_it_is_wanted(
    source: Path, target: Path, null: Path, bucket: Bucket
) -> None:
    Copy(at(source), bucket.endpoint(), {"PreserveDevices": "PRESERVE"}).run()
    Copy(bucket.endpoint(), at(target), {"PreserveDevices": "NONE"}).run()
    assert not (target / "null").exists()


# Owners that are not the real ones


def test_without_root_owners_are_kept_beside_the_file(source: Path) -> None:
    store = FolderStore(source, "/", PosixAttributes(real_owners=False))
    try:
        (entry,) = [each for each in store.walk(lambda *_: None) if each.path == "file"]
        before = (source / "file").stat()
        store.touch(type(entry)("file", entry.kind, uid=4321, gid=8765))
        assert os.getxattr(source / "file", "user.datasync.owner") == b"4321:8765"
        found = store.stat(entry)
        assert found is not None
        assert (found.uid, found.gid) == (4321, 8765)
        after = (source / "file").stat()
        assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)
        assert store.keeps_owners
        assert not store.keeps_owners_of_links
    finally:
        store.close()
