"""camelCase to PascalCase and back loses nothing."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone

import botocore.session
import pytest
from botocore.model import ListShape, OperationModel, Shape, StructureShape
from hypothesis import given
from hypothesis import strategies as st
from pydantic import JsonValue

from datamover_operator.aws.translate import from_aws, to_aws

MEMBER = st.text(string.ascii_letters + string.digits, min_size=1, max_size=8).map(lambda name: "a" + name)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(MEMBER, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(MEMBER, JSON))
def test_a_request_survives_the_way_there_and_back(request: dict[str, JsonValue]) -> None:
    assert from_aws(to_aws(request)) == request


def test_names_change_at_every_depth_and_values_nowhere() -> None:
    ours: dict[str, JsonValue] = {
        "s3BucketArn": "arn:aws:s3:::Bucket",
        "s3Config": {"bucketAccessRoleArn": "arn"},
        "tags": [{"key": "Key", "value": "tags"}],
        "options": {"bytesPerSecond": -1, "verifyMode": "NONE"},
    }
    theirs = {
        "S3BucketArn": "arn:aws:s3:::Bucket",
        "S3Config": {"BucketAccessRoleArn": "arn"},
        "Tags": [{"Key": "Key", "Value": "tags"}],
        "Options": {"BytesPerSecond": -1, "VerifyMode": "NONE"},
    }
    assert to_aws(ours) == theirs
    assert from_aws({**theirs, "ResponseMetadata": {"RequestId": "x"}}) == ours


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 1, 31, 12, 0, 0, 999_999, tzinfo=UTC), "2026-01-31T12:00:00.999Z"),
        (datetime(2026, 1, 31, 12, 0, tzinfo=timezone(timedelta(hours=2))), "2026-01-31T10:00:00.000Z"),
    ],
)
def test_times_are_rfc_3339_in_utc(moment: datetime, expected: str) -> None:
    assert from_aws({"Times": [{"CreationTime": moment}]}) == {"times": [{"creationTime": expected}]}


def test_bytes_are_base64_as_in_any_json() -> None:
    assert from_aws({"ServerCertificate": b"-----"}) == {"serverCertificate": "LS0tLS0="}


def test_what_json_has_no_form_for_is_refused() -> None:
    with pytest.raises(TypeError, match="set"):
        from_aws({"Surprise": {1}})


def test_every_member_of_datasync_begins_with_a_capital_so_that_the_way_back_is_known() -> None:
    model = botocore.session.Session().get_service_model("datasync")
    operations: list[OperationModel] = [model.operation_model(name) for name in model.operation_names]
    seen: set[str] = set()
    shapes = [shape for one in operations for top in (one.input_shape, one.output_shape) for shape in walk(top, seen)]
    assert len(shapes) > 100
    for shape in shapes:
        if isinstance(shape, StructureShape):
            assert all(name[0].isupper() for name in shape.members), shape


def walk(shape: Shape | None, seen: set[str]) -> list[Shape]:
    if shape is None or shape.name in seen:
        return []
    seen.add(shape.name)
    inner: list[Shape] = []
    if isinstance(shape, StructureShape):
        inner = list(shape.members.values())
    elif isinstance(shape, ListShape):
        inner = [shape.member]
    return [shape, *(found for one in inner for found in walk(one, seen))]
