"""Answers of any depth are read, or told to be no JSON; nothing ends with a RecursionError."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_common.kube.decoding import decoded, readable

SCALARS = (
    st.none() | st.booleans() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])) | st.just('"}{[\\')
)
DOCUMENTS = st.recursive(SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=40)
DEPTHS = st.integers(1, 12_000)


def nested(depth: int, opening: str, inner: str, closing: str) -> bytes:
    return f'{{"before": 1, "deep": {opening * depth}{inner}{closing * depth}, "after": "]"}}'.encode()


@given(DOCUMENTS)
def test_what_is_not_deep_is_read_as_it_is(document: object) -> None:
    text = json.dumps(document).encode()
    assert decoded(text) == document
    assert readable(text) == text


@given(DEPTHS, st.sampled_from([("[", "]"), ('{"a":', "}"), ('{"]}":[0,', ',"[{"]}')]), DOCUMENTS)
def test_of_what_is_deep_the_rest_is_read(depth: int, marks: tuple[str, str], inner: object) -> None:
    text = nested(depth, marks[0], json.dumps(inner), marks[1])
    found = decoded(text)
    assert isinstance(found, dict)
    assert (found["before"], found["after"], list(found)) == (1, "]", ["before", "deep", "after"])
    assert json.loads(readable(text)) == found
    json.dumps(found)


@pytest.mark.parametrize(
    "text", [b"", b"{", b'{"a"', b"ok", b'"\\', b"[" * 100_000, b'{"a":' * 100_000, b'"' + b'\\"' * 99_999]
)
def test_what_is_no_json_is_told(text: bytes) -> None:
    with pytest.raises(ValueError, match="line 1"):
        decoded(text)


def test_an_unpaired_surrogate_is_no_reason_to_see_nothing() -> None:
    assert decoded(b'{"a": "\\ud800"}') == {"a": "\ud800"}
