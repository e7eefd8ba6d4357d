"""The two ways to put an AWS call on the wire that the model allows: AWS JSON 1.1 and Smithy RPC v2 with CBOR."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from datasync_emulator.errors import serialization_error
from datasync_emulator.messages import HttpRequest, JsonObject
from datasync_emulator.protocol import cbor


class WireFormat(Protocol):
    """A format of requests and replies."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers that say which format a reply has."""

    def target(self, request: HttpRequest) -> tuple[str, str]:
        """The service's name and the operation's; empty where the request does not say."""

    def read(self, body: bytes) -> object:
        """The value in a body.

        Raises:
            ValueError: it is not in this format.
        """

    def write(self, value: Mapping[str, object]) -> bytes:
        """A reply's body."""


class AwsJson:
    """X-Amz-Target: Service.Operation, and JSON both ways; times are seconds."""

    headers: Mapping[str, str] = {"Content-Type": "application/x-amz-json-1.1"}

    def target(self, request: HttpRequest) -> tuple[str, str]:
        """Read the target header."""
        service, _, operation = request.headers.get("X-Amz-Target", "").rpartition(".")
        return service, operation

    def read(self, body: bytes) -> object:
        """Parse JSON."""
        return json.loads(body)

    def write(self, value: Mapping[str, object]) -> bytes:
        """Format JSON."""
        return json.dumps(value, default=_as_json).encode()


class RpcCbor:
    """POST /service/Service/operation/Operation, and CBOR both ways (smithy.io, Smithy RPC v2 CBOR protocol)."""

    headers: Mapping[str, str] = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}

    def target(self, request: HttpRequest) -> tuple[str, str]:
        """Read the path."""
        match request.path.split("/"):
            case ["", "service", service, "operation", operation]:
                return service, operation
        return "", ""

    def read(self, body: bytes) -> object:
        """Parse CBOR."""
        return cbor.decode(body)

    def write(self, value: Mapping[str, object]) -> bytes:
        """Format CBOR."""
        return cbor.encode(value)


JSON, CBOR = AwsJson(), RpcCbor()


def format_of(request: HttpRequest) -> WireFormat:
    """The format that a request is in; whatever does not say so is JSON."""
    return CBOR if request.headers.get("smithy-protocol") == "rpc-v2-cbor" else JSON


def parse(wire_format: WireFormat, body: bytes) -> JsonObject:
    """Read an operation's parameters; an empty body has none.

    Raises:
        ApiError: SerializationException where the body is anything but an object in that format.
    """
    if not body:
        return {}
    try:
        params = wire_format.read(body)
    except (ValueError, RecursionError):
        message = f"The request body is not valid {wire_format.headers['Content-Type']}."
        raise serialization_error(message) from None
    if not isinstance(params, dict):
        raise serialization_error("The request body must be an object.")
    return params


def _as_json(value: object) -> float | str:
    """Times are seconds, bytes are base64."""
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    message = f"{type(value).__name__} is no JSON value"
    raise TypeError(message)
