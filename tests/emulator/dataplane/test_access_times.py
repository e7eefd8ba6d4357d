"""Access times: a run leaves the source's alone, and the destination gets them as they were before it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from datasync_emulator.dataplane import FolderEndpoint
from tests.emulator.dataplane.locations import Bucket, Copy, plant

ACCESSED = 1_600_000_000_123_456_789
MODIFIED = 1_650_000_000_123_000_000  # later, so that Linux would record a read even where it is sparing with them
VERIFY = ["NONE", "ONLY_FILES_TRANSFERRED", "POINT_IN_TIME_CONSISTENT"]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = plant(tmp_path / "source", {"file": b"content", "folder/inner": b"more", "hollow/": b""})
    for path in [*root.rglob("*"), root]:
        os.utime(path, ns=(ACCESSED, MODIFIED))
    return root


def access_times(root: Path) -> dict[str, int]:
    # Asking scandir for the names would be a read of its own.
    names = ("file", "folder", "folder/inner", "hollow")
    return {name: (root / name).stat().st_atime_ns for name in names}


@pytest.mark.parametrize("verify", VERIFY)
def test_both_sides_keep_the_access_time_that_was(source: Path, tmp_path: Path, verify: str) -> None:
    target = plant(tmp_path / "target", {})
    for _ in range(2):
        Copy(FolderEndpoint(source), FolderEndpoint(target), {"VerifyMode": verify}).run()
        assert set(access_times(source).values()) == {ACCESSED}
        assert set(access_times(target).values()) == {ACCESSED}
    assert source.stat().st_atime_ns == ACCESSED


@pytest.mark.parametrize("verify", VERIFY)
def test_a_bucket_gets_the_access_time_and_gives_it_back(
    source: Path, tmp_path: Path, bucket: Bucket, verify: str
) -> None:
    target = plant(tmp_path / "target", {})
    Copy(FolderEndpoint(source), bucket.endpoint(), {"VerifyMode": verify}).run()
    assert set(access_times(source).values()) == {ACCESSED}
    assert bucket.metadata("file")["file-atime"] == str(ACCESSED // 10**6)
    Copy(bucket.endpoint(), FolderEndpoint(target), {"VerifyMode": verify}).run()
    assert {time // 10**6 for time in access_times(target).values()} == {ACCESSED // 10**6}


def test_without_the_option_the_destination_has_times_of_its_own(source: Path, tmp_path: Path, bucket: Bucket) -> None:
    target = plant(tmp_path / "target", {})
    options = {"Atime": "NONE", "Mtime": "NONE"}
    Copy(FolderEndpoint(source), FolderEndpoint(target), options).run()
    assert ACCESSED not in access_times(target).values()
    Copy(FolderEndpoint(source), bucket.endpoint(), options).run()
    assert not {"file-atime", "file-mtime"} & bucket.metadata("file").keys()
