"""Checking requests against the service model: whatever is sent, the answer is an AWS error or none."""

from __future__ import annotations

import contextlib

import pytest
from botocore.model import Shape
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.errors import ApiError
from datasync_emulator.protocol.service import load_model
from datasync_emulator.protocol.shapes import _compiled, check

MODEL = load_model("datasync")
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)


def input_of(operation: str) -> Shape:
    shape = MODEL.operation_model(operation).input_shape
    assert shape is not None
    return shape


@given(operation=st.sampled_from(MODEL.operation_names), data=st.data())
def test_anything_at_all_is_accepted_or_refused(operation: str, data: st.DataObject) -> None:
    shape = input_of(operation)
    members = st.sampled_from(sorted(shape.members)) if shape.members else st.nothing()  # type: ignore[attr-defined]
    request = data.draw(JSON | st.dictionaries(members | st.text(max_size=8), JSON, max_size=4))
    with contextlib.suppress(ApiError):
        check(shape, request)


@pytest.mark.parametrize("value", ["", "x" * 256, "a b", "a@b", "a:b/c=d+e.f_g-h"])
def test_tag_values_that_are_allowed(value: str) -> None:
    check(input_of("TagResource"), _tagging("key", value))


@pytest.mark.parametrize(("key", "value"), [("", "v"), ("a@b", "v"), ("k", "x" * 257), ("k", "semi;colon"), ("ä", "v")])
def test_tags_that_are_not(key: str, value: str) -> None:
    with pytest.raises(ApiError, match="validation error"):
        check(input_of("TagResource"), _tagging(key, value))


def test_a_pattern_must_match_to_the_end() -> None:
    with pytest.raises(ApiError, match="regular expression"):
        check(input_of("DescribeTask"), {"TaskArn": "arn:aws:datasync:x:111122223333:task/task-0123456789abcdef0\n"})


def test_a_secret_value_is_not_repeated() -> None:
    request = {"LocationArn": "x", "Password": "p" * 105}
    with pytest.raises(ApiError) as refused:
        check(input_of("UpdateLocationSmb"), request)
    assert "Value at 'password'" in refused.value.message
    assert "ppp" not in refused.value.message


def _tagging(key: str, value: str) -> dict[str, object]:
    arn = "arn:aws:datasync:eu-central-1:111122223333:task/task-0123456789abcdef0"
    return {"ResourceArn": arn, "Tags": [{"Key": key, "Value": value}]}


def test_every_pattern_of_the_model_is_understood() -> None:
    for name in MODEL.shape_names:
        shape = MODEL.shape_for(name)
        if shape.type_name == "string" and "pattern" in shape.metadata:
            _compiled(shape.metadata["pattern"])  # raises what `re` does not understand
