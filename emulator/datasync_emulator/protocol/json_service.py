"""A service that speaks AWS JSON 1.1: target header in, checked parameters to a handler, JSON out."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

import botocore.session
from botocore.model import OperationNotFoundError, ServiceModel

from datasync_emulator.errors import ApiError, serialization_error, unknown_operation
from datasync_emulator.messages import Call, Caller, HttpRequest, JsonObject, Reply
from datasync_emulator.protocol.shapes import check

_log = logging.getLogger(__name__)

Handler = Callable[[Caller, JsonObject], Mapping[str, object]]
"""An operation: checked parameters in, the members of its output out (datetimes as such, None left out)."""

CONTENT_TYPE = "application/x-amz-json-1.1"


@dataclass(frozen=True)
class JsonService:
    """Implements messages.Service over a table of handlers, one an operation."""

    model: ServiceModel
    handlers: Mapping[str, Handler]

    def read(self, name: str, request: HttpRequest, caller: Caller, request_id: str) -> Call:
        """Name the operation by X-Amz-Target; unreadable parameters are an empty object here."""
        operation = request.headers.get("X-Amz-Target", "").rpartition(".")[2]
        try:
            params = parse(request)
        except ApiError:
            params = {}
        return Call(name, operation, caller, params, request_id, request)

    async def answer(self, call: Call) -> Reply:
        """Check the request against the model, run its handler, word what it says."""
        try:
            output = self._run(call)
        except ApiError as error:
            return _error(call.request_id, error)
        except Exception:  # noqa: BLE001 - the last resort: a caller gets an answer
            _log.exception("%s %s failed", call.service, call.operation)
            internal = ApiError("InternalException", "The emulator failed; its log says where.", 500)
            return _error(call.request_id, internal)
        body = json.dumps(output, default=_timestamp).encode()
        return Reply(200, body, {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": call.request_id})

    def error(self, call: Call, code: str, message: str, status: int) -> Reply:
        """Word an error that a fault asks for."""
        return _error(call.request_id, ApiError(code, message, status))

    def _run(self, call: Call) -> JsonObject:
        _refuse_other_protocols(call.request)
        prefix, _, operation = call.request.headers.get("X-Amz-Target", "").rpartition(".")
        if prefix != self.model.metadata["targetPrefix"]:
            raise unknown_operation(call.operation)
        try:
            shape = self.model.operation_model(operation).input_shape
        except OperationNotFoundError:
            raise unknown_operation(operation) from None
        handler = self.handlers.get(operation)
        if handler is None:
            message = f"This emulator does not serve {operation}; it serves: {', '.join(sorted(self.handlers))}."
            raise ApiError("UnknownOperationException", message)
        params = parse(call.request)
        if shape is not None:
            check(shape, params)
        given = {name: value for name, value in params.items() if value is not None}
        return {name: value for name, value in handler(call.caller, given).items() if value is not None}


def load_model(service: str) -> ServiceModel:
    """Load a service's model from botocore's own data."""
    return botocore.session.get_session().get_service_model(service)


def parse(request: HttpRequest) -> JsonObject:
    """Read a JSON object from a body; an empty body is an empty object.

    Raises:
        ApiError: SerializationException where the body is anything else.
    """
    if not request.body:
        return {}
    try:
        params = json.loads(request.body)
    except (ValueError, RecursionError):
        raise serialization_error("The request body is not valid JSON.") from None
    if not isinstance(params, dict):
        raise serialization_error("The request body must be a JSON object.")
    return params


def _refuse_other_protocols(request: HttpRequest) -> None:
    if "cbor" in request.headers.get("Content-Type", "") or request.headers.get("smithy-protocol"):
        message = f"This emulator speaks AWS JSON 1.1 only: send {CONTENT_TYPE} with an X-Amz-Target header."
        raise ApiError("UnsupportedProtocolException", message, 415)


def _error(request_id: str, error: ApiError) -> Reply:
    body = json.dumps({"__type": error.code, "message": error.message, **error.members}).encode()
    headers = {"Content-Type": CONTENT_TYPE, "x-amzn-RequestId": request_id, "x-amzn-ErrorType": error.code}
    return Reply(error.status, body, headers, error.code)


def _timestamp(value: object) -> float:
    if isinstance(value, datetime):
        return round(value.timestamp(), 3)
    message = f"{type(value).__name__} is no JSON value"
    raise TypeError(message)
