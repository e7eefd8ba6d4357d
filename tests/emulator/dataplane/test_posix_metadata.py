"""POSIX attributes in S3 user metadata, in the notations found in the wild."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import DEVICES, Entry, Kind
from tests.emulator.dataplane.locations import PATIENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1734968895000", 1734968895000 * 10**6),
        ("1734968895000ms", 1734968895000 * 10**6),
        ("1595002920000000001ns", 1595002920000000001),
        ("-1", -(10**6)),
        ("0", 0),
        ("", None),
        ("yesterday", None),
        ("1.5", None),
        ("12s", None),
        ("٣", None),
    ],
)
def test_times_are_read(text: str, expected: int | None) -> None:
    assert posix.time_ns({posix.MTIME: text}, posix.MTIME) == expected


@pytest.mark.parametrize(
    ("text", "mode", "link"),
    [
        ("0644", 0o644, False),
        ("644", 0o644, False),
        ("0100664", 0o664, False),
        ("0040755", 0o755, False),
        ("4755", 0o4755, False),
        ("0120777", 0o777, True),
        ("rw-r--r--", None, False),
        ("0999", None, False),
        ("", None, False),
    ],
)
def test_permissions_are_read_with_and_without_a_file_type(text: str, mode: int | None, link: bool) -> None:
    metadata = {posix.PERMISSIONS: text}
    assert (posix.permissions(metadata), posix.kind(metadata) is Kind.LINK) == (mode, link)


@pytest.mark.parametrize(("text", "expected"), [("0", 0), ("65534", 65534), ("root", None), ("-1", None), ("", None)])
def test_owners_are_read(text: str, expected: int | None) -> None:
    assert posix.owner({posix.OWNER: text}, posix.OWNER) == expected


def test_what_datasync_writes() -> None:
    entry = Entry("a", Kind.FILE, 1, mtime_ns=1734968895123456789, atime_ns=10**9, mode=0o640, uid=7, gid=8)
    assert posix.user_metadata(entry) == {
        "x-amz-meta-file-mtime": "1734968895123",
        "x-amz-meta-file-atime": "1000",
        "x-amz-meta-file-permissions": "0640",
        "x-amz-meta-file-owner": "7",
        "x-amz-meta-file-group": "8",
    }


@PATIENT
@given(
    st.sampled_from(Kind),
    st.none() | st.integers(-(10**18), 10**18),
    st.none() | st.integers(0, 0o7777),
    st.none() | st.integers(0, 2**32 - 1),
)
def test_what_is_written_is_read_back(kind: Kind, mtime_ns: int | None, mode: int | None, uid: int | None) -> None:
    written = posix.user_metadata(Entry("a", kind, mtime_ns=mtime_ns, mode=mode, uid=uid))
    expected = None if mtime_ns is None else mtime_ns // posix.NS_PER_MS * posix.NS_PER_MS
    assert posix.time_ns(written, posix.MTIME) == expected
    assert posix.owner(written, posix.OWNER) == uid
    assert kind is Kind.FOLDER or posix.kind(written) is kind
    # A device without permissions gets some, for they say that it is one.
    assert kind is Kind.LINK or posix.permissions(written) == (0 if kind in DEVICES and mode is None else mode)
