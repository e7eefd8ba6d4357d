"""What a selection selects and what filters leave, against second matchers of another making."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import Selection
from datamover_crds.patterns import PatternError
from datamover_operator.runs.plan.filters import path_filter
from datamover_operator.runs.plan.matching import matcher_of
from datasync_emulator.dataplane.matcher import Filters, always_left_out

NOON = "2025-01-15T12:00:00Z"
SELECTED = [
    ({"regex": r"\.(csv|json)$"}, "a/b.csv", True),
    ({"regex": r"\.(csv|json)$"}, "a.csv/b", False),
    ({"regex": "b"}, "abc", True),
    ({"glob": "*.csv"}, "a.csv", True),
    ({"glob": "*.csv"}, "in/a.csv", False),
    ({"glob": "**/*.csv"}, "a.csv", True),
    ({"glob": "**/*.csv"}, "in/deep/a.csv", True),
    ({"glob": "2024/**"}, "2024/in/a", True),
    ({"glob": "2024/**"}, "2024", False),
    ({"glob": "a?c"}, "a/c", False),
    ({"glob": "a[b-d]"}, "ac", True),
    ({"glob": "a[!b-d]"}, "ac", False),
    ({"glob": "a[!b-d]c"}, "a/c", False),
    ({"glob": "a[]b]"}, "a]", True),
    ({"glob": "a[^b]"}, "ab", False),
    ({"glob": r"\*[x"}, "*[x", True),
    ({"glob": "a.b"}, "axb", False),
    ({"glob": "[a"}, "[a", True),
    ({"glob": "[]"}, "[]", True),
    ({"glob": "[!]"}, "[!]", True),
    ({"glob": "[[[a"}, "[[[a", True),
    ({"glob": "[]]["}, "][", True),
    ({"glob": "[a*"}, "[abc", True),
    ({"glob": "[a/**/?"}, "[a/x/y/b", True),
    ({"glob": "[a*"}, "ab", False),
    ({"glob": "é*\n"}, "éa\n", True),
    ({"minSize": 10}, "a", True),
    ({"minSize": 11}, "a", False),
    ({"maxSize": 10}, "a", True),
    ({"maxSize": 9}, "a", False),
    ({"modifiedAfter": "2025-01-15T11:59:59Z"}, "a", True),
    ({"modifiedAfter": NOON}, "a", False),
    ({"modifiedBefore": NOON}, "a", False),
    ({"modifiedBefore": "2025-01-15T12:00:01Z"}, "a", True),
    ({"glob": "*", "maxSize": 5}, "a", False),
]


@pytest.mark.parametrize(("selection", "path", "expected"), SELECTED)
def test_an_object_of_10_bytes_of_noon_is_selected(selection: dict[str, object], path: str, expected: bool) -> None:
    matches = matcher_of(Selection.model_validate(selection))
    assert matches(path, 10, NOON) is expected


def walks(glob: str, path: str) -> bool:
    """A plain reading of globs without classes: recursion over both texts."""
    if not glob:
        return not path
    if glob.startswith("**/"):
        return walks(glob[3:], path) or any(walks(glob[3:], path[at + 1 :]) for at in _slashes(path))
    if glob.startswith("**"):
        return any(walks(glob.lstrip("*"), path[at:]) for at in range(len(path) + 1))
    if glob[0] == "*":
        end = path.find("/") if "/" in path else len(path)
        return any(walks(glob[1:], path[at:]) for at in range(end + 1))
    if glob[0] == "?":
        return path[:1] not in {"", "/"} and walks(glob[1:], path[1:])
    return path[:1] == glob[0] and walks(glob[1:], path[1:])


def _slashes(path: str) -> list[int]:
    return [found.start() for found in re.finditer("/", path)]


@given(st.text("ab/*?", min_size=1, max_size=8), st.text("ab/", min_size=1, max_size=8))
def test_globs_agree_with_a_second_matcher(glob: str, path: str) -> None:
    assert matcher_of(Selection(glob=glob))(path, 0, NOON) is walks(glob, path)


@given(st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text))
def test_an_escaped_path_selects_itself(path: str) -> None:
    glob = re.sub(r"([\\*?\[])", r"\\\1", path)
    assert matcher_of(Selection(glob=glob))(path, 0, NOON)


def test_a_pattern_that_is_none_is_an_error() -> None:
    with pytest.raises(PatternError, match="missing"):
        matcher_of(Selection.model_construct(regex="a("))


def test_no_pattern_takes_exponential_time() -> None:
    assert not matcher_of(Selection(regex="(a+)+$"))("a" * 100_000 + "b", 0, NOON)
    assert not matcher_of(Selection(glob="**/a" * 100))("a/" * 400, 0, NOON)


values = st.text("ab*/|\\", max_size=10)
paths = st.lists(st.text("ab.*|\\", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join)


@given(values, values, paths)
def test_filters_agree_with_the_emulators(includes: str, excludes: str, path: str) -> None:
    filters = Filters.of(includes, excludes)
    expected = filters.included(path) and not filters.excluded(path) and not always_left_out(path)
    assert path_filter(includes, excludes)(path) is expected


@pytest.mark.parametrize("path", [".aws-datasync/x", ".zfs", "a.snapshot", "a.snapshot/b", "deep/.snapshot/c"])
def test_what_datasync_never_transfers(path: str) -> None:
    assert not path_filter("", "")(path)
