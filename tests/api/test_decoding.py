"""Bodies as Go's decoder reads them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_api.legacy.decoding import DecodingError, decode
from datamover_api.legacy.wire import CreateMover


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"Name": "a"}', "a"),
        (b'{"name": "a"}', "a"),
        (b'{"NAME": "a"}', "a"),
        (b'{"name": "a", "Name": "b"}', "b"),
        (b'{"Name": "a", "name": "b"}', "b"),
        (b' \n\t{"Name": "a"} and what follows', "a"),
        (b'{"Name": "a", "Unknown": {"x": [1]}}', "a"),
        (b'{"Name": null}', None),
        (b"null", None),
        (b"{}", None),
        ('{"Name": "é"}'.encode("latin-1"), "\ufffd"),
        (b'{"Name": "\\ud800"}', "\ufffd"),
    ],
)
def test_names_match_in_any_case_and_what_is_unknown_is_passed_over(body: bytes, name: str | None) -> None:
    assert decode(CreateMover, body).name == name


def test_sections_and_items_match_in_any_case_too() -> None:
    body = {
        "source": {"TYPE": "S3", "s3": {"s3bucketarn": "arn", "SUBDIRECTORY": "/"}},
        "destination": {"type": "EFS", "Efs": {"securitygrouparns": ["a"], "subnetArn": "b"}},
        "tags": [{"key": "k", "VALUE": "v"}],
    }
    read = decode(CreateMover, json.dumps(body).encode())
    assert read.source is not None
    assert read.source.s3 is not None
    assert (read.source.type, read.source.s3.s3_bucket_arn, read.source.s3.subdirectory) == ("S3", "arn", "/")
    assert read.destination is not None
    assert read.destination.efs is not None
    assert (read.destination.efs.security_group_arns, read.destination.efs.subnet_arn) == (["a"], "b")
    assert read.tags is not None
    assert [(tag.key, tag.value) for tag in read.tags] == [("k", "v")]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "EOF"),
        (b"  ", "EOF"),
        (b"{", "Expecting"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b"NaN", "NaN"),
        (b'{"Name": 1}', "Name: must be a string$"),
        (b'{"Source": []}', "Source: must be an object$"),
        (b'{"Source": {"S3": {"S3BucketArn": true}}}', "Source.S3.S3BucketArn"),
        (b'{"Tags": [1]}', "Tags.0"),
        (b'{"x": ' + b"[" * 100_000, "recursion"),
        (b'{"x": ' + b"1" * 10_000 + b"}", "digits"),
    ],
)
def test_what_is_no_json_of_this_form_is_told_with_its_place(body: bytes, told: str) -> None:
    with pytest.raises(DecodingError, match=told):
        decode(CreateMover, body)


@pytest.mark.parametrize("depth", [300, 500, 900, 5000])
def test_what_is_nested_too_deeply_is_refused_wherever_that_shows(depth: int) -> None:
    with pytest.raises(DecodingError):
        decode(CreateMover, b'{"Name": "a", "Tags": ' + b"[" * depth + b"]" * depth + b"}")


_KEYS = st.text() | st.sampled_from(("Name", "SOURCE", "Destination", "tags", "S3", "Type", "Key"))
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(_KEYS, inner),
)


@given(st.binary() | _VALUES.map(lambda value: json.dumps(value).encode()))
def test_any_body_is_read_or_refused(body: bytes) -> None:
    try:
        read = decode(CreateMover, body)
    except DecodingError:
        return
    read.model_dump_json().encode()
