"""Manifests as the user guide describes them, and as another CSV library writes them."""

from __future__ import annotations

import csv
import io
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.dataplane.manifest import ManifestError, parse
from tests.emulator.dataplane.locations import PATIENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", {}),
        ("picture1.png\npicture2.png\n", {"picture1.png": None, "picture2.png": None}),
        ("photos/a.png,111111\nphotos/b.png", {"photos/a.png": "111111", "photos/b.png": None}),
        ("a\r\nb\rc\n\n\nd", {"a": None, "b": None, "c": None, "d": None}),
        ('"filename,with,commas.txt"', {"filename,with,commas.txt": None}),
        ('"this\nis\na\nfilename.txt",1', {"this\nis\na\nfilename.txt": "1"}),
        ('filename""with""quotes.txt', {'filename"with"quotes.txt': None}),
        ('""start.txt', {'"start.txt': None}),
        ('"""quoted"""', {'"quoted"': None}),
        ('a,"version""1"', {"a": 'version"1'}),
        ("documents/résumé1.pdf", {"documents/résumé1.pdf": None}),
        ("/leading/slash", {"leading/slash": None}),
        (" a space is part of it ", {" a space is part of it ": None}),
    ],
)
def test_what_a_manifest_lists(text: str, expected: dict[str, str | None]) -> None:
    assert parse(text.encode(), versions=True) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a\nfolder/\n", "line 2: 'folder/' is not the path of a file or an object"),
        (b"a\n\n\nb,1,2", "line 4: it has 3 fields"),
        (b'"a\nb"\nb\nb', "line 4: 'b' is listed twice"),
        (b"/a\na", "line 2: 'a' is listed twice"),
        (b"a\r\n../b", "line 2: '../b' is not a path relative to the location"),
        (b"a//b", "line 1: 'a//b' is not a path"),
        (b",1", "line 1: '' is not the path"),
        (b"a,", "line 1: a version ID must not be empty"),
        (b"a\n\xff\xfe", "line 2: it is not valid UTF-8"),
        (b'a\n"b', "line 2: a quote in a field must be doubled"),
        (b'a"b', "line 1: a quote in a field must be doubled"),
        (b'"a"b', "line 1: a quote in a field must be doubled"),
        (b"x" * 1025, "line 1: a path or a version ID is longer than 1024 bytes"),
        ("é".encode() * 513, "line 1: a path or a version ID is longer than 1024 bytes"),
    ],
)
def test_a_manifest_that_is_none_says_where(text: bytes, message: str) -> None:
    with pytest.raises(ManifestError) as caught:
        parse(text, versions=True)
    assert message in str(caught.value)


def test_versions_need_a_source_that_has_them() -> None:
    assert parse(b"a", versions=False) == {"a": None}
    with pytest.raises(ManifestError, match="line 1: a version ID must not be empty, and needs an S3 location"):
        parse(b"a,1", versions=False)


names = st.text(st.sampled_from('ab ",\n\ré'), min_size=1, max_size=8)
rows_of_manifests = st.lists(st.tuples(names, st.none() | names), max_size=6, unique_by=lambda row: row[0])


@PATIENT
@given(rows_of_manifests, st.sampled_from(["\n", "\r\n", "\r"]))
def test_what_another_library_writes_is_read(rows: list[tuple[str, str | None]], line_end: str) -> None:
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator=line_end, quoting=csv.QUOTE_ALL)
    for path, version in rows:
        writer.writerow([path] if version is None else [path, version])
    assert parse(written.getvalue().encode(), versions=True) == dict(rows)


@pytest.mark.parametrize(
    "text", ['"' * 200_001, '""' * 100_000 + "x", ('"a""' * 50_000) + "\n", '"' + "a,\n" * 100_000]
)
def test_hostile_quotes_take_no_quadratic_time(text: str) -> None:
    with suppress(ManifestError):
        parse(text.encode(), versions=True)
