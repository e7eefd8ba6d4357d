"""What the demo calls equal."""

from __future__ import annotations

import pytest

from datamover_dev.demo.compare import compare, wrong_counters


def test_equal_trees() -> None:
    comparison = compare({"a": "1", "b/c": "2"}, {"b/c": "2", "a": "1"})
    assert comparison.equal
    assert str(comparison) == "2 files compared, all equal"


@pytest.mark.parametrize(
    ("actual", "sentence"),
    [
        ({"a": "1"}, "1 missing, such as b"),
        ({"a": "1", "b": "2", "c": "3"}, "1 unexpected, such as c"),
        ({"a": "1", "b": "3"}, "1 different, such as b"),
        ({"a": "9", "c": "3"}, "1 missing, such as b; 1 unexpected, such as c; 1 different, such as a"),
    ],
)
def test_each_difference_is_told_with_an_example(actual: dict[str, str], sentence: str) -> None:
    comparison = compare({"a": "1", "b": "2"}, actual)
    assert not comparison.equal
    assert str(comparison) == sentence


def test_counters_must_tell_what_was_moved() -> None:
    counters = {"filesTransferred": 2, "bytesWritten": 10, "bytesTransferred": 9}
    assert wrong_counters(counters, files=2, total_bytes=10) == ["bytesTransferred is 9, and 10 were moved"]
    assert wrong_counters({}, files=0, total_bytes=0) != []
