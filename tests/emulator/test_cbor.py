"""CBOR, for the SDKs that choose it: botocore's own serializer and parser speak to the emulator."""

from __future__ import annotations

import contextlib
import math
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
import urllib3
from botocore.parsers import RpcV2CBORParser
from botocore.serialize import RpcV2CBORSerializer
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.protocol.cbor import NotCborError, decode, encode
from datasync_emulator.protocol.service import load_model
from tests.support.account import Account

MODEL = load_model("datasync")
VALUES = st.recursive(
    st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def call(account: Account, operation: str, **parameters: object) -> dict[str, Any]:
    """Call an operation as an SDK that has chosen CBOR does."""
    model = MODEL.operation_model(operation)
    request = RpcV2CBORSerializer().serialize_to_request(parameters, model)
    return send(account, request["url_path"], request["body"], request["headers"], operation)


def send(account: Account, path: str, body: bytes, headers: dict[str, str], operation: str) -> dict[str, Any]:
    scope = f"{account.number}/20260101/{account.region}/datasync/aws4_request"
    signed = {**headers, "Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"}
    address = urlsplit(account.emulator.endpoint)
    with urllib3.HTTPConnectionPool(address.hostname or "", address.port) as pool:
        reply = pool.request("POST", path, body=body, headers=signed)
    assert reply.headers["smithy-protocol"] == "rpc-v2-cbor"
    answered = {"body": reply.data, "headers": reply.headers, "status_code": reply.status}
    shape = MODEL.operation_model(operation).output_shape
    assert shape is not None
    parsed: dict[str, Any] = RpcV2CBORParser().parse(answered, shape)
    return parsed


def test_calls_are_served(account: Account) -> None:
    arn = account.efs_location()
    described = call(account, "DescribeLocationEfs", LocationArn=arn)
    expected = account.datasync.describe_location_efs(LocationArn=arn)
    for member in ("LocationArn", "LocationUri", "Ec2Config", "CreationTime"):
        assert described[member] == expected[member]
    listed = call(account, "ListLocations", MaxResults=1)
    assert [entry["LocationArn"] for entry in listed["Locations"]] == [arn]


def test_errors_are_cbor_too(account: Account) -> None:
    arn = f"arn:aws:datasync:eu-central-1:{account.number}:task/task-0123456789abcdef0"
    answered = call(account, "DescribeTask", TaskArn=arn)
    assert answered["Error"] == {
        "Code": "InvalidRequestException",
        "Message": "Task task-0123456789abcdef0 is not found.",
    }


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("/service/FmrsService/operation/MakeTea", b"", "UnknownOperationException"),
        ("/service/Other/operation/ListTasks", b"", "UnknownOperationException"),
        ("/", b"", "UnknownOperationException"),
        ("/service/FmrsService/operation/ListTasks", b"\xa1", "SerializationException"),
        ("/service/FmrsService/operation/ListTasks", b"\x80", "SerializationException"),
    ],
)
def test_what_can_not_be_served(account: Account, path: str, body: bytes, code: str) -> None:
    headers = {"smithy-protocol": "rpc-v2-cbor", "Content-Type": "application/cbor"}
    assert send(account, path, body, headers, "ListTasks")["Error"]["Code"] == code


@given(VALUES | st.none())
def test_what_is_written_is_read_back(value: object) -> None:
    assert decode(encode(value)) == value


@given(VALUES)
def test_botocore_reads_what_is_written(value: object) -> None:
    parser = RpcV2CBORParser()
    assert parser.parse_data_item(parser.get_peekable_stream_from_bytes(encode(value))) == value


def test_a_time_is_tagged_seconds() -> None:
    assert encode(datetime(2013, 3, 21, 20, 4, 0, 500_000, UTC)) == bytes.fromhex("c1fb41d452d9ec200000")
    assert decode(bytes.fromhex("c11a514b67b0")) == 1363896240


@pytest.mark.parametrize(
    ("data", "value"),  # RFC 8949, appendix A
    [
        ("1bffffffffffffffff", 2**64 - 1),
        ("3903e7", -1000),
        ("f93c00", 1.0),
        ("fa47c35000", 100000.0),
        ("f97c00", math.inf),
        ("f7", None),
        ("4401020304", b"\x01\x02\x03\x04"),
        ("5f42010243030405ff", b"\x01\x02\x03\x04\x05"),
        ("7f657374726561646d696e67ff", "streaming"),
        ("9f018202039f0405ffff", [1, [2, 3], [4, 5]]),
        ("bf61610161629f0203ffff", {"a": 1, "b": [2, 3]}),
    ],
)
def test_examples_of_the_standard(data: str, value: object) -> None:
    assert decode(bytes.fromhex(data)) == value


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "ends early"),
        ("ff", "a break where a value is due"),
        ("0000", "data after the value"),
        ("9f", "ends early"),
        ("81ff", "a break where a value is due"),
        ("a10000", "the key 0 is no text"),
        ("1c", "additional information 28 is reserved"),
        ("f800", "simple value 24 is not used"),
        ("7f01ff", "major type 3 is not made of such parts"),
        ("bf00", "the key 0 is no text"),
        ("9bffffffffffffffff", "ends early"),
        ("61ff", "invalid start byte"),
        ("1f00ff", "major type 0 is not made of such parts"),
    ],
)
def test_what_is_no_cbor(data: str, reason: str) -> None:
    with pytest.raises(NotCborError, match=reason):
        decode(bytes.fromhex(data))


@given(st.binary(max_size=64))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(NotCborError):
        decode(data)
