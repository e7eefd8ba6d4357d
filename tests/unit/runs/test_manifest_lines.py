"""Manifests that are read piece by piece, against the emulator's reader; lines that are written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.runs.plan.manifest_lines import ManifestReader, manifest_line
from datasync_emulator.dataplane.manifest import ManifestError, parse

WELL_FORMED = [
    b"a\n",
    b"a",
    b"a,v1\nb/c\n",
    b'"a,b"\n',
    b'"a""b",v\n',
    b'a""b\n',
    b'"a\nb"\nc',
    b"a\r\nb\r\n",
    b"\n\na\n",
]
MISTAKES = [
    (b"", "names no file"),
    (b"\n\n", "names no file"),
    (b'a\nb"c\n', "line 2 must be a path"),
    (b"a\n\xff\n", "line 2 is not valid UTF-8"),
    (b"a,b,c\n", "line 1 must be a path"),
    (b"a\nfolder/\n", "line 2 must begin with the path of a file"),
    (b",v\n", "line 1 must begin with the path of a file"),
    (b"a,\n", "line 1 has an empty version"),
    (b"x" * 1025 + b"\n", "line 1 has a path or a version with more than 1024 bytes"),
    (b"a\n" + b"x" * 10_000, "line 2 is longer than 8192 bytes"),
    (b'a\n"' + b"x\n" * 1_000_000, "is longer than 8192 bytes"),
]


def read(data: bytes, size: int) -> ManifestReader:
    reader = ManifestReader()
    for start in range(0, len(data), size):
        reader.feed(data[start : start + size])
    reader.close()
    return reader


@pytest.mark.parametrize("size", [1, 2, 1000])
@pytest.mark.parametrize("data", WELL_FORMED)
def test_well_formed_manifests(data: bytes, size: int) -> None:
    assert read(data, size).problem == ""
    assert read(data, size).paths == len(parse(data, versions=True))


@pytest.mark.parametrize("size", [7, 100_000])
@pytest.mark.parametrize(("data", "told"), MISTAKES)
def test_mistakes_are_told_with_their_line(data: bytes, told: str, size: int) -> None:
    assert told in read(data, size).problem


@given(st.lists(st.text('ab,"\n\r /é', min_size=1, max_size=6), min_size=1, max_size=4, unique=True))
def test_what_is_written_is_read_again(paths: list[str]) -> None:
    data = b"".join(manifest_line(path) for path in paths)
    try:
        assert list(parse(data, versions=True)) == [path.removeprefix("/") for path in paths]
    except ManifestError:
        return  # a path that DataSync has no use for
    assert read(data, 3).problem == ""
