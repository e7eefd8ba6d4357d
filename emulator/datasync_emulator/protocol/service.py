"""A service that botocore has a model of: checked parameters to a handler, its output in the request's own format."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import botocore.session
from botocore.model import OperationNotFoundError, ServiceModel

from datasync_emulator.errors import ApiError, unknown_operation
from datasync_emulator.messages import Call, Caller, HttpRequest, JsonObject, Reply
from datasync_emulator.protocol.formats import JSON, format_of, parse
from datasync_emulator.protocol.shapes import check, decode_blobs

_log = logging.getLogger(__name__)

Handler = Callable[[Caller, JsonObject], Mapping[str, object]]
"""An operation: checked parameters in, the members of its output out (datetimes as such, None left out)."""

Departure = Callable[[Caller, str, JsonObject], JsonObject]
"""Gives the parameters of a caller's operation that are to be held against the model; may refuse them (ApiError)."""


def _as_modelled(_caller: Caller, _operation: str, params: JsonObject) -> JsonObject:
    return params


@dataclass(frozen=True)
class ModelService:
    """Implements messages.Service over a table of handlers, one an operation."""

    model: ServiceModel
    handlers: Mapping[str, Handler]
    depart: Departure = _as_modelled

    def read(self, name: str, request: HttpRequest, caller: Caller, request_id: str) -> Call:
        """Name the operation; unreadable parameters are an empty object here."""
        wire_format = format_of(request)
        try:
            params = parse(wire_format, request.body)
        except ApiError:
            params = {}
        return Call(name, wire_format.target(request)[1], caller, params, request_id, request)

    async def answer(self, call: Call) -> Reply:
        """Check the request against the model, run its handler, word what it says."""
        wire_format = format_of(call.request)
        try:
            output = self._run(call)
        except ApiError as error:
            return _error(call, error)
        except Exception:  # noqa: BLE001 - the last resort: a caller gets an answer
            _log.exception("%s %s failed", call.service, call.operation)
            return _error(call, ApiError("InternalException", "The emulator failed; its log says where.", 500))
        return Reply(200, wire_format.write(output), {**wire_format.headers, "x-amzn-RequestId": call.request_id})

    def error(self, call: Call, code: str, message: str, status: int) -> Reply:
        """Word an error that a fault asks for."""
        return _error(call, ApiError(code, message, status))

    def _run(self, call: Call) -> JsonObject:
        wire_format = format_of(call.request)
        service, operation = wire_format.target(call.request)
        if service != self.model.metadata["targetPrefix"]:
            raise unknown_operation(operation)
        try:
            shape = self.model.operation_model(operation).input_shape
        except OperationNotFoundError:
            raise unknown_operation(operation) from None
        handler = self.handlers.get(operation)
        if handler is None:
            message = f"This emulator does not serve {operation}; it serves: {', '.join(sorted(self.handlers))}."
            raise ApiError("UnknownOperationException", message)
        params = parse(wire_format, call.request.body)
        if shape is not None:
            if wire_format is JSON:
                params = cast("JsonObject", decode_blobs(shape, params))
            check(shape, self.depart(call.caller, operation, params))
        given = {name: value for name, value in params.items() if value is not None}
        return {name: value for name, value in handler(call.caller, given).items() if value is not None}


def load_model(service: str) -> ServiceModel:
    """Load a service's model from botocore's own data."""
    return botocore.session.get_session().get_service_model(service)


def _error(call: Call, error: ApiError) -> Reply:
    wire_format = format_of(call.request)
    body = wire_format.write({"__type": error.code, "message": error.message, **error.members})
    headers = {**wire_format.headers, "x-amzn-RequestId": call.request_id, "x-amzn-ErrorType": error.code}
    return Reply(error.status, body, headers, error.code)
