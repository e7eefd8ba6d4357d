"""What `*` in a grant stands for, and that no pattern costs more than reading it (I6)."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_operator.accounts.plan.wildcards import matches


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("s3://team-a", "s3://team-a", True),
        ("s3://team-a", "s3://team-a/", False),
        ("s3://team-a-*", "s3://team-a-reports/", True),
        ("s3://team-a-*", "s3://team-b-reports/", False),
        ("*", "", True),
        ("*", "anything", True),
        ("**", "anything", True),
        ("*/x/*", "s3://b/x/", True),
        ("*/x/*", "s3://b/x", False),
        ("a*a", "a", False),
        ("a*a", "aa", True),
        ("ab*ba", "aba", False),
        ("*b*b", "b", False),
        ("a.c", "abc", False),
        ("", "", True),
        ("", "a", False),
        ("*\n", "a\n", True),
    ],
)
def test_matches(pattern: str, text: str, expected: bool) -> None:
    assert matches(pattern, text) is expected


@given(st.text("ab*", max_size=8), st.text("ab", max_size=8))
def test_agrees_with_a_regular_expression(pattern: str, text: str) -> None:
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert matches(pattern, text) == (re.fullmatch(expression, text, re.DOTALL) is not None)


@pytest.mark.parametrize("pattern", ["*a" * 500 + "b", "*" * 1000 + "b", "*" + "a" * 500 + "b*" + "a" * 500])
def test_a_pattern_with_many_stars_is_not_tried_again_and_again(pattern: str) -> None:
    """A matcher that tries every way would not end before the sun does."""
    assert not matches(pattern, "a" * 2048)
