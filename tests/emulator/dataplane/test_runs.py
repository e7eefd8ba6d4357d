"""Whole runs: what arrives, what is counted, how they end."""

from __future__ import annotations

import itertools
import os
import shutil
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasync_emulator.dataplane import Bytes, CopyFailed, Endpoint, FolderEndpoint, Phase, S3Endpoint
from datasync_emulator.dataplane.stores.folder import FolderStore
from tests.emulator.dataplane.locations import EPOCH_NS, LINK, PATIENT, Bucket, Copy, modes_and_times, plant, tree

if TYPE_CHECKING:
    from datasync_emulator.dataplane.entry import Entry

TREE: dict[str, bytes | str] = {
    "readme.txt": b"hello",
    "empty": b"",
    "big": os.urandom(1_000_000),
    "src/a.py": b"a = 1\n",
    "src/deep/b.py": b"b = 2\n",
    "src/deep/link": "-> ../a.py",
    "hollow/": b"",
    "Ümläut & space/ñ": b"!",
}
FILES, FOLDERS = 7, 4
BYTES = sum(len(content.removeprefix("-> ")) if isinstance(content, str) else len(content) for content in TREE.values())


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = plant(tmp_path / "source", TREE)
    (root / "src/a.py").chmod(0o750)
    return root


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return plant(tmp_path / "target", {})


def at(root: Path) -> FolderEndpoint:
    return FolderEndpoint(root, "/", "loc-0fedcba9876543210")


@pytest.fixture(params=["folder to folder", "folder to bucket", "bucket to folder", "bucket to bucket"])
def route(
    request: pytest.FixtureRequest, source: Path, target: Path, bucket: Bucket, other_bucket: Bucket
) -> tuple[Endpoint, Endpoint]:
    """From a location that holds TREE to an empty one, of every kind."""
    if request.param.startswith("folder"):
        beginning: Endpoint = at(source)
    else:
        beginning = bucket.endpoint("data/")
        Copy(at(source), beginning).run()
    return beginning, at(target) if request.param.endswith("folder") else other_bucket.endpoint("copy/")


def fails(copy: Copy) -> CopyFailed:
    with pytest.raises(CopyFailed) as caught:
        copy.run()
    return caught.value


# Everything arrives


def test_all_arrives_and_is_counted(route: tuple[Endpoint, Endpoint]) -> None:
    copy = Copy(*route).run()
    assert copy.progress.describe("BASIC") == {
        "EstimatedFilesToTransfer": FILES + FOLDERS,
        "EstimatedBytesToTransfer": BYTES,
        "EstimatedFilesToDelete": 0,
        "FilesTransferred": FILES + FOLDERS,
        "BytesTransferred": BYTES,
        "BytesWritten": BYTES,
        "BytesCompressed": BYTES,
        "FilesSkipped": 0,
        "FilesDeleted": 0,
        "FilesVerified": FILES + FOLDERS,
    }
    assert copy.phases == [Phase.PREPARING, Phase.TRANSFERRING, Phase.VERIFYING]
    assert copy.progress.phase is None


def test_enhanced_mode_counts_files_and_folders_apart(route: tuple[Endpoint, Endpoint]) -> None:
    copy = Copy(*route, {"PreserveDeletedFiles": "REMOVE"}, task_mode="ENHANCED").run()
    for counter in ("EstimatedFilesToTransfer", "FilesPrepared", "FilesTransferred", "FilesVerified"):
        assert copy[counter] == FILES
        assert copy[counter.replace("Files", "Folders")] == FOLDERS
    assert copy["FilesListed"] == {"AtSource": FILES, "AtDestinationForDelete": 0}
    assert copy["FoldersListed"] == {"AtSource": FOLDERS, "AtDestinationForDelete": 0}


def test_a_second_run_has_nothing_to_do(route: tuple[Endpoint, Endpoint]) -> None:
    Copy(*route).run()
    copy = Copy(*route, {"PreserveDeletedFiles": "REMOVE"}).run()
    assert copy["EstimatedFilesToTransfer"] == copy["FilesTransferred"] == copy["BytesTransferred"] == 0
    assert copy["FilesVerified"] == FILES + FOLDERS


def test_from_folder_to_bucket_to_bucket_to_folder_nothing_is_lost(
    source: Path, target: Path, bucket: Bucket, other_bucket: Bucket
) -> None:
    Copy(at(source), bucket.endpoint()).run()
    Copy(bucket.endpoint(), other_bucket.endpoint("deep/down/")).run()
    Copy(other_bucket.endpoint("deep/down/"), at(target)).run()
    assert tree(target) == tree(source)
    assert modes_and_times(target) == modes_and_times(source)


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=6).filter(
    lambda name: name not in {".", "..", ".zfs", ".awssync", ".aws-datasync"} and not name.endswith(".snapshot")
)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map("/".join), st.binary(max_size=50) | st.just("-> x"), max_size=6
).filter(lambda tree: not any(other.startswith(f"{path}/") for path in tree for other in tree))


def test_any_tree_survives_a_bucket(bucket: Bucket, tmp_path: Path) -> None:
    numbers = itertools.count()

    @settings(PATIENT, max_examples=30)
    @given(trees)
    def survives(contents: dict[str, bytes | str]) -> None:
        number = next(numbers)
        root, back = plant(tmp_path / f"root{number}", contents), plant(tmp_path / f"back{number}", {})
        Copy(at(root), bucket.endpoint(f"{number}/")).run()
        Copy(bucket.endpoint(f"{number}/"), at(back)).run()
        assert tree(back) == tree(root)
        assert modes_and_times(back) == modes_and_times(root)
        assert Copy(at(root), at(back)).run()["FilesTransferred"] == 0

    survives()


def test_what_a_bucket_gets(source: Path, bucket: Bucket) -> None:
    Copy(at(source), bucket.endpoint("p/")).run()
    bodies = bucket.bodies()
    assert bodies.keys() == {f"p/{name}" for name in tree(source)}
    assert bodies["p/src/deep/link"] == b"../a.py"
    assert bodies["p/hollow/"] == b""
    me = (source / "readme.txt").stat()
    assert bucket.metadata("p/src/a.py") == {
        "file-mtime": str(EPOCH_NS // 10**6),
        "file-atime": bucket.metadata("p/src/a.py")["file-atime"],
        "file-permissions": "0750",
        "file-owner": str(me.st_uid),
        "file-group": str(me.st_gid),
    }


def test_attributes_that_are_not_wanted_are_left_out(source: Path, bucket: Bucket) -> None:
    options = {"Uid": "NONE", "Gid": "NONE", "PosixPermissions": "NONE", "Atime": "NONE", "Mtime": "NONE"}
    Copy(at(source), bucket.endpoint(), {**options, "VerifyMode": "NONE"}).run()
    assert bucket.metadata("readme.txt") == {}


def test_objects_of_other_tools_get_the_default_attributes(bucket: Bucket, target: Path) -> None:
    bucket.put("d/a", b"x")
    Copy(bucket.endpoint(), at(target)).run()
    found = (target / "d/a").stat()
    owner = (65534, 65534) if os.geteuid() == 0 else (os.geteuid(), found.st_gid)
    assert (found.st_mode & 0o7777, found.st_uid, found.st_gid) == (0o644, *owner)
    assert (target / "d").stat().st_mode & 0o7777 == 0o755
    assert Copy(bucket.endpoint(), at(target)).run()["FilesTransferred"] == 0


def test_metadata_and_tags_travel_between_buckets(bucket: Bucket, other_bucket: Bucket) -> None:
    bucket.put("a", b"x", Metadata={"colour": "blue"}, ContentType="text/plain", Tagging="k=v")
    Copy(bucket.endpoint(), other_bucket.endpoint()).run()
    head = other_bucket.client.head_object(Bucket=other_bucket.name, Key="a")
    assert head["Metadata"].pop("file-mtime").endswith("000")
    assert (head["Metadata"], head["ContentType"], other_bucket.tags("a")) == (
        {"colour": "blue"},
        "text/plain",
        {"k": "v"},
    )


def test_metadata_and_tags_stay_behind_when_not_wanted(bucket: Bucket, other_bucket: Bucket) -> None:
    bucket.put("a", b"x", Metadata={"colour": "blue"}, Tagging="k=v")
    Copy(bucket.endpoint(), other_bucket.endpoint(), {"ObjectTags": "NONE", "ObjectMetadata": "NONE"}).run()
    assert other_bucket.metadata("a").keys() == {"file-mtime"}
    assert other_bucket.tags("a") == {}


def test_large_new_objects_get_the_location_s_storage_class(tmp_path: Path, bucket: Bucket) -> None:
    source = plant(tmp_path / "source", {"large": b"x" * 128 * 1024, "small": b"x"})
    bucket.put("large", b"old")
    for key, endpoint in {
        "a/": bucket.endpoint("a/", "GLACIER_INSTANT_RETRIEVAL"),
        "": bucket.endpoint("", "STANDARD_IA"),
    }.items():
        Copy(at(source), endpoint, {"VerifyMode": "NONE"}).run()
        assert bucket.storage_class(f"{key}small") == "STANDARD"
    assert bucket.storage_class("a/large") == "GLACIER_IR"
    assert bucket.storage_class("large") == "STANDARD"
    Copy(at(source), bucket.endpoint("", "STANDARD_IA"), {"TransferMode": "ALL"}).run()
    assert bucket.storage_class("large") == "STANDARD_IA"


# What changed, and only that


def test_only_what_changed_is_copied(source: Path, bucket: Bucket) -> None:
    Copy(at(source), bucket.endpoint()).run()
    (source / "readme.txt").write_bytes(b"HELLO")
    (source / "src/new.py").write_bytes(b"new")
    copy = Copy(at(source), bucket.endpoint()).run()
    # As DataSync does: a changed file, a new one, and the folder whose time the new one changed.
    assert (copy["EstimatedFilesToTransfer"], copy["FilesTransferred"], copy["BytesTransferred"]) == (3, 3, 8)
    assert (bucket.body("readme.txt"), bucket.body("src/new.py")) == (b"HELLO", b"new")


def test_what_changed_at_the_destination_is_put_right(source: Path, bucket: Bucket) -> None:
    Copy(at(source), bucket.endpoint()).run()
    bucket.put("readme.txt", b"jello")
    assert Copy(at(source), bucket.endpoint()).run()["FilesTransferred"] == 1
    assert bucket.body("readme.txt") == b"hello"


def test_attributes_alone_move_no_bytes(route: tuple[Endpoint, Endpoint], source: Path, bucket: Bucket) -> None:
    Copy(*route).run()
    if isinstance(route[0], S3Endpoint):
        bucket.client.copy_object(
            Bucket=bucket.name,
            Key="data/readme.txt",
            CopySource=f"{bucket.name}/data/readme.txt",
            Metadata={**bucket.metadata("data/readme.txt"), "file-permissions": "0600"},
            MetadataDirective="REPLACE",
        )
    else:
        (source / "readme.txt").chmod(0o600)
    copy = Copy(*route).run()
    assert (copy["EstimatedFilesToTransfer"], copy["FilesTransferred"], copy["BytesTransferred"]) == (1, 1, 0)
    assert Copy(*route).run()["FilesTransferred"] == 0


def test_everything_is_copied_every_time_if_asked_for(route: tuple[Endpoint, Endpoint]) -> None:
    Copy(*route).run()
    copy = Copy(*route, {"TransferMode": "ALL"}).run()
    assert (copy["FilesTransferred"], copy["BytesTransferred"]) == (FILES + FOLDERS, BYTES)
    assert copy.phases == [Phase.TRANSFERRING, Phase.VERIFYING]


def test_what_exists_is_never_overwritten_if_asked_for(source: Path, target: Path) -> None:
    plant(target, {"readme.txt": b"mine"})
    copy = Copy(at(source), at(target), {"OverwriteMode": "NEVER"}).run()
    assert tree(target) == tree(source) | {"readme.txt": b"mine"}
    assert (copy["FilesSkipped"], copy["FilesTransferred"]) == (1, FILES + FOLDERS - 1)


# What is gone


def test_what_is_gone_is_kept(source: Path, target: Path) -> None:
    plant(target, {"old/file": b""})
    Copy(at(source), at(target)).run()
    assert (target / "old/file").exists()


@pytest.mark.parametrize("kind", ["folder", "bucket"])
def test_what_is_gone_is_removed_if_asked_for(kind: str, source: Path, target: Path, bucket: Bucket) -> None:
    end: Endpoint = at(target) if kind == "folder" else bucket.endpoint()
    old = plant(source.parent / "old", {"gone/deep/file": b"", "gone/two": b"", "readme.txt": b"hello"})
    Copy(at(old), end).run()
    copy = Copy(at(source), end, {"PreserveDeletedFiles": "REMOVE"}).run()
    assert copy["EstimatedFilesToDelete"] == copy["FilesDeleted"] == 4
    assert copy["EstimatedFilesToTransfer"] == FILES + FOLDERS - 1 + 4
    assert copy["FilesTransferred"] == FILES + FOLDERS - 1
    held = tree(target) if kind == "folder" else dict.fromkeys(bucket.keys())
    assert held.keys() == tree(source).keys()


def test_what_is_filtered_out_is_not_removed(source: Path, target: Path) -> None:
    plant(target, {"keep/notes.tmp": b"", "keep/other": b"", ".snapshot/x": b""})
    copy = Copy(at(source), at(target), {"PreserveDeletedFiles": "REMOVE"}, excludes="*.tmp").run()
    assert tree(target).keys() - tree(source).keys() == {"keep/", "keep/notes.tmp", ".snapshot/", ".snapshot/x"}
    assert copy["FilesDeleted"] == 1


def test_nothing_is_removed_when_the_source_could_not_be_seen_whole(
    source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Copy(at(source), at(target)).run()
    before = tree(target)
    real = FolderStore._list

    def refuse(store: FolderStore, folder: str) -> list[Entry]:
        if folder == "src" and os.fstat(store._folders.root).st_ino == source.stat().st_ino:
            raise PermissionError(13, "Permission denied", folder)
        return real(store, folder)

    monkeypatch.setattr(FolderStore, "_list", refuse)
    copy = Copy(at(source), at(target), {"PreserveDeletedFiles": "REMOVE"}, task_mode="ENHANCED")
    failed = fails(copy)
    assert failed.phase is Phase.TRANSFERRING
    assert tree(target) == before
    assert copy["FoldersFailed"] == {"List": 1, "Prepare": 0, "Transfer": 0, "Verify": 0, "Delete": 0}


# Filters


@pytest.mark.parametrize("way", [at, None], ids=["folder", "bucket"])
def test_filters(way: Callable[[Path], Endpoint] | None, source: Path, target: Path, bucket: Bucket) -> None:
    (source / "src/junk.tmp").write_bytes(b"junk")
    Copy(at(source), bucket.endpoint()).run()
    beginning = bucket.endpoint() if way is None else way(source)
    copy = Copy(beginning, at(target), includes="/src|/read*", excludes="*.tmp|*/deep", task_mode="ENHANCED").run()
    assert tree(target) == {"src/": b"", "src/a.py": b"a = 1\n", "readme.txt": b"hello"}
    # With an include only matches are listed; with an exclude everything is.
    assert copy["FilesListed"] == {"AtSource": 5, "AtDestinationForDelete": 0}
    again = Copy(beginning, at(target), includes="/src|/read*", excludes="*.tmp|*/deep", task_mode="ENHANCED").run()
    assert again["FilesListed"] == {"AtSource": 5, "AtDestinationForDelete": 0}
    assert (copy["FilesTransferred"], copy["FoldersTransferred"]) == (2, 1)


def test_folders_around_what_is_included_are_made_once(source: Path, target: Path) -> None:
    (source / "src").chmod(0o700)
    first = Copy(at(source), at(target), includes="/src/deep/b.py").run()
    assert tree(target) == {"src/": b"", "src/deep/": b"", "src/deep/b.py": b"b = 2\n"}
    assert (target / "src").stat().st_mode & 0o777 == 0o700
    assert first["FilesTransferred"] == 3
    assert Copy(at(source), at(target), includes="/src/deep/b.py").run()["FilesTransferred"] == 0


def test_datasync_s_own_folders_are_left_alone(tmp_path: Path, target: Path) -> None:
    root = plant(tmp_path / "root", {".aws-datasync/x": b"", ".zfs/y": b"", "a/.snapshot/z": b"", "b": b""})
    Copy(at(root), at(target)).run()
    assert tree(target) == {"a/": b"", "b": b""}


# How runs end


def test_a_missing_bucket(bucket: Bucket, target: Path) -> None:
    copy = Copy(S3Endpoint("no-such-bucket", location="loc-00000000000000000"), at(target))
    failed = fails(copy)
    assert (failed.code, failed.phase) == ("FsS3HeadBucketFailed", None)
    assert failed.detail.startswith("Task failed to access location loc-00000000000000000: ")
    assert copy.phases == []


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.TRANSFERRING])
def test_a_bucket_that_goes_away(phase: Phase, source: Path, bucket: Bucket) -> None:
    copy = Copy(at(source), bucket.endpoint(), {"VerifyMode": "NONE"}, at={phase: bucket.delete})
    assert fails(copy).phase is phase
    assert copy["FilesTransferred"] == 0


@pytest.mark.parametrize("subdirectory", ["/missing/", "/../source", "/link/"])
def test_a_subdirectory_that_is_not_there(subdirectory: str, source: Path, target: Path) -> None:
    plant(target, {"link": f"-> {source}"})
    failed = fails(Copy(FolderEndpoint(target, subdirectory, "loc-0fedcba9876543210"), at(target)))
    assert failed.detail.startswith("Task failed to access location loc-0fedcba9876543210: x40016: ")


def test_what_fails_is_counted_and_the_rest_arrives(source: Path, target: Path) -> None:
    plant(target, {"readme.txt/in the way": b"", "src": b"a file"})
    copy = Copy(at(source), at(target), {"VerifyMode": "ONLY_FILES_TRANSFERRED"}, task_mode="ENHANCED")
    failed = fails(copy)
    assert failed.phase is Phase.TRANSFERRING
    assert failed.detail.startswith("Transfer and verification completed. Selected files transferred except for files")
    assert copy["FilesFailed"] == {"Prepare": 0, "Transfer": 4, "Verify": 0, "Delete": 0}
    assert (copy["FilesTransferred"], copy["FilesVerified"]) == (FILES - 4, FILES - 4)
    assert any("readme.txt" in problem for problem in copy.progress.problems)
    assert (target / "big").read_bytes() == TREE["big"]
    assert (target / "src").read_bytes() == b"a file"
    assert not (target / ".aws-datasync").exists()


def test_a_file_that_vanishes_is_counted(source: Path, target: Path) -> None:
    copy = Copy(
        at(source),
        at(target),
        {"VerifyMode": "NONE"},
        task_mode="ENHANCED",
        at={Phase.TRANSFERRING: (source / "empty").unlink},
    )
    assert fails(copy).detail.startswith("Transfer completed. Selected files transferred")
    assert (copy["EstimatedFilesToTransfer"], copy["FilesTransferred"]) == (FILES, FILES - 1)
    assert copy.phases == [Phase.PREPARING, Phase.TRANSFERRING]


def test_keys_that_cannot_be_transferred(bucket: Bucket, target: Path) -> None:
    for key in ("fine", "a//b", "a/../c"):
        bucket.put(key)
    copy = Copy(bucket.endpoint(), at(target), task_mode="ENHANCED")
    fails(copy)
    assert tree(target) == {"fine": b""}
    assert copy["FilesFailed"] == {"Prepare": len(bucket.keys()) - 1, "Transfer": 0, "Verify": 0, "Delete": 0}


def test_an_object_and_a_folder_of_one_name(bucket: Bucket, target: Path, other_bucket: Bucket) -> None:
    bucket.put("x", b"object")
    bucket.put("x/y", b"inner")
    fails(Copy(bucket.endpoint(), at(target)))
    assert tree(target) == {"x/": b"", "x/y": b"inner"}
    Copy(bucket.endpoint(), other_bucket.endpoint()).run()
    assert other_bucket.bodies() == {"x": b"object", "x/y": b"inner"}


@pytest.mark.parametrize("mode", ["POINT_IN_TIME_CONSISTENT", "ONLY_FILES_TRANSFERRED"])
@pytest.mark.parametrize("damage", ["content", "attributes", "absence", "folder"])
def test_verification_finds_what_was_damaged(mode: str, damage: str, source: Path, target: Path) -> None:
    def harm() -> None:
        path = target / "readme.txt"
        if damage == "content":
            path.write_bytes(b"jello")
            os.utime(path, ns=(EPOCH_NS, EPOCH_NS))
        elif damage == "attributes":
            path.chmod(0o600)
        elif damage == "absence":
            path.unlink()
        else:
            (target / "src").chmod(0o700)

    copy = Copy(at(source), at(target), {"VerifyMode": mode}, at={Phase.VERIFYING: harm})
    failed = fails(copy)
    assert failed.phase is Phase.VERIFYING
    assert failed.detail.startswith("Transfer and verification completed. Verification detected mismatches.")
    assert copy["FilesVerified"] == FILES + FOLDERS - 1


def test_only_a_full_verification_looks_at_what_was_not_transferred(source: Path, target: Path) -> None:
    Copy(at(source), at(target)).run()
    (target / "big").write_bytes(b"x" * 1_000_000)
    os.utime(target / "big", ns=(EPOCH_NS, EPOCH_NS))
    Copy(at(source), at(target), {"VerifyMode": "ONLY_FILES_TRANSFERRED"}).run()
    assert fails(Copy(at(source), at(target))).phase is Phase.VERIFYING


# Safety


@pytest.mark.parametrize("remove", ["PRESERVE", "REMOVE"])
def test_a_link_at_the_destination_is_not_followed(remove: str, source: Path, target: Path, tmp_path: Path) -> None:
    outside = plant(tmp_path / "outside", {"a.py": b"theirs"})
    plant(target, {"src": f"{LINK}{outside}", "readme.txt": f"{LINK}{outside}/a.py"})
    copy = Copy(at(source), at(target), {"PreserveDeletedFiles": remove})
    if remove == "REMOVE":
        copy.run()
        assert tree(target) == tree(source)
    else:
        fails(copy)
    assert tree(outside) == {"a.py": b"theirs"}


def test_a_link_at_the_source_is_copied_not_followed(tmp_path: Path, target: Path, bucket: Bucket) -> None:
    outside = plant(tmp_path / "outside", {"secret": b"secret"})
    root = plant(tmp_path / "root", {"d": f"{LINK}{outside}", "f": f"{LINK}{outside}/secret"})
    Copy(at(root), at(target)).run()
    assert tree(target) == tree(root)
    Copy(at(root), bucket.endpoint()).run()
    assert bucket.bodies() == {"d": str(outside).encode(), "f": f"{outside}/secret".encode()}


@pytest.mark.parametrize("to", ["folder", "bucket"])
def test_memory_stays_bounded_whatever_the_size(to: str, tmp_path: Path, target: Path, bucket: Bucket) -> None:
    root = plant(tmp_path / "root", {})
    size = 64 * 2**20
    with (root / "large").open("wb") as file:
        file.truncate(size)
    middle: Endpoint = bucket.endpoint() if to == "bucket" else at(plant(tmp_path / "middle", {}))
    tracemalloc.start()
    try:
        Copy(at(root), middle).run()
        copy = Copy(middle, at(target)).run()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert copy.progress.bytes(Bytes.WRITTEN) == (target / "large").stat().st_size == size
    # moto keeps 5 MiB of an object in memory before it turns to the disk.
    assert peak < 16 * 2**20
    shutil.rmtree(root)
