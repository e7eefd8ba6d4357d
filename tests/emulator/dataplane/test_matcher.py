"""Filters against the user guide's examples, and against a slow but plain reading of them."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from datasync_emulator.dataplane.matcher import Filters, always_left_out, covers, has_inner_wildcard, parse
from tests.emulator.dataplane.locations import PATIENT

MATCHES = [
    # A folder and its contents, with or without a slash at the end.
    ("/dir", "dir", True),
    ("/dir", "dir/file", True),
    ("/dir/", "dir", True),
    ("/dir/", "dir/deep/file", True),
    ("/dir", "directory", False),
    ("/dir", "other/dir", False),
    ("/dir", "Dir", False),
    ("/folder/subfolder/file1.txt", "folder/subfolder/file1.txt", True),
    ("/folder/subfolder/file1.txt", "folder/subfolder/file10.txt", False),
    # A wildcard stands for any characters, none too, and for slashes.
    ("/reports*", "reports2021/january", True),
    ("/reports*", "reports", True),
    ("/reports*", "my/reports", False),
    ("/folder-to-transfer/*", "folder-to-transfer/a", True),
    ("/folder-to-transfer/*", "folder-to-transfer", False),
    ("*.tmp", "a.tmp", True),
    ("*.tmp", "deep/a.tmp", True),
    ("*.tmp", "a.tmp.txt", False),
    ("*.tmp", "folder.tmp/inside", True),
    ("*/temp", "temp", True),
    ("*/temp", "deep/temp/inside", True),
    ("*/temp", "temporary", False),
    ("/a*c*e", "abcde", True),
    ("/a*c*e", "aec", False),
    ("/a*a", "a", False),
    ("*", "anything/at/all", True),
    # Patterns are joined by a pipe; empty ones do not count.
    ("*.tmp|*.temp", "a.temp", True),
    ("||/a", "b", False),
    # Without a leading slash a pattern matches at any depth.
    ("temp", "deep/temp/file", True),
    ("temp", "deep/attemp", False),
    # The whole location.
    ("/", "anything", True),
    # A backslash makes the three special characters literal, and is ignored before others and at the end.
    (r"/a\*b", "a*b", True),
    (r"/a\*b", "aXb", False),
    (r"/a\|b", "a|b", True),
    (r"/a\\b", "a\\b", True),
    (r"/a\b", "ab", True),
    ("/a\\", "a", True),
    # Characters that mean something elsewhere mean themselves.
    ("/a.c", "abc", False),
    ("/[a]?", "[a]?", True),
]


@pytest.mark.parametrize(("value", "path", "expected"), MATCHES)
def test_patterns_match_as_the_user_guide_says(value: str, path: str, expected: bool) -> None:
    assert covers(parse(value), path) is expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("/documents*|/code*", False),
        ("/documents", False),
        ("*", False),
        ("documents*", False),
        (r"/a\*b", False),
        ("*.txt", True),
        ("/a|/b*c", True),
        ("**", True),
        ("", False),
    ],
)
def test_wildcards_elsewhere_than_at_the_end_are_found(value: str, expected: bool) -> None:
    assert has_inner_wildcard(value) is expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (".aws-datasync", True),
        (".aws-datasync/task/x", True),
        (".awssync/x", True),
        (".zfs", True),
        ("deep/.zfs", False),
        (".aws-datasync-not", False),
        (".snapshot", True),
        ("deep/.snapshot/file", True),
        ("vm.snapshot", True),
        ("vm.snapshots", False),
    ],
)
def test_some_paths_are_always_left_out(path: str, expected: bool) -> None:
    assert always_left_out(path) is expected


@pytest.mark.parametrize(
    ("includes", "excludes", "path", "included", "excluded"),
    [
        (None, None, "a", True, False),
        ("", "", "a", True, False),
        ("/a", None, "b", False, False),
        ("/a", "*.tmp", "a/x.tmp", True, True),
        (None, "/a", "a/b", True, True),
    ],
)
def test_filters_include_and_exclude(
    includes: str | None, excludes: str | None, path: str, included: bool, excluded: bool
) -> None:
    filters = Filters.of(includes, excludes)
    assert (filters.included(path), filters.excluded(path)) == (included, excluded)


paths = st.lists(st.text("ab.*|\\", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@PATIENT
@given(paths)
def test_an_escaped_path_matches_itself_and_its_contents_only(path: str) -> None:
    patterns = parse("/" + re.sub(r"([*|\\])", r"\\\1", path))
    assert covers(patterns, path)
    assert covers(patterns, f"{path}/inside")
    assert not covers(patterns, f"x{path}")
    assert not covers(patterns, f"{path}x")


ANY = object()


def second_matcher(value: str, path: str) -> bool:
    """Whether a filter covers a path: another reading of the user guide, one character of the path at a time."""
    return any(_walks_over(_symbols(pattern), f"/{path}") for pattern in _patterns(value))


def _patterns(value: str) -> list[str]:
    """Cut at pipes that no backslash makes literal."""
    return [found for found in re.findall(r"(?:\\.?|[^\\|])+", value, re.DOTALL) if found != "\\"]


def _symbols(pattern: str) -> list[object]:
    """The characters of a pattern, ANY for a wildcard. The first is a slash or a wildcard, the last is no slash."""
    found = re.findall(r"\\(.)|(\*)|([^\\])", pattern, re.DOTALL)
    symbols: list[object] = [ANY if star else escaped or plain for escaped, star, plain in found]
    if symbols[0] not in ("/", ANY):
        symbols = [ANY, "/", *symbols]
    return symbols[:-1] if symbols[-1] == "/" else symbols


def _walks_over(symbols: list[object], subject: str) -> bool:
    """Keep the places in the pattern where the text read so far can have led; a match ends at a slash or the end."""
    places = _after_wildcards({0}, symbols)
    for character in subject:
        if character == "/" and len(symbols) in places:
            return True
        steps = {place + 1 for place in places if place < len(symbols) and symbols[place] == character}
        places = _after_wildcards(steps | {place for place in places if symbols[place : place + 1] == [ANY]}, symbols)
    return len(symbols) in places


def _after_wildcards(places: set[int], symbols: list[object]) -> set[int]:
    """With the places that a wildcard lets be reached without a character."""
    reached = set(places)
    for place, symbol in enumerate(symbols):
        if place in reached and symbol is ANY:
            reached.add(place + 1)
    return reached


values = st.text("ab*/|\\", max_size=10)


@settings(PATIENT, max_examples=500)
@given(values, values, paths)
def test_filters_agree_with_a_second_matcher(includes: str, excludes: str, path: str) -> None:
    filters = Filters.of(includes, excludes)
    assert filters.included(path) is (not _patterns(includes) or second_matcher(includes, path))
    assert filters.excluded(path) is second_matcher(excludes, path)


@pytest.mark.parametrize(("value", "path", "expected"), MATCHES)
def test_the_second_matcher_reads_the_user_guide_too(value: str, path: str, expected: bool) -> None:
    assert second_matcher(value, path) is expected


@PATIENT
@given(st.lists(st.sampled_from(["*a", "*b/", "x", "*"]), max_size=3), paths)
def test_a_filter_matches_what_one_of_its_patterns_matches(patterns: list[str], path: str) -> None:
    assert covers(parse("|".join(patterns)), path) is any(covers(parse(pattern), path) for pattern in patterns)


def test_many_wildcards_take_no_exponential_time() -> None:
    assert not covers(parse("*a" * 200 + "b"), "a" * 1000)
