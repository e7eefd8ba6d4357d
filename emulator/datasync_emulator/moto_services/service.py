"""moto's services as the dispatcher sees them: named for the journal, served in threads, errors in their own format."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from xml.sax.saxutils import escape

from datasync_emulator.messages import Call, Caller, HttpRequest, Reply
from datasync_emulator.moto_services.app import MotoApp, MotoServiceName
from datasync_emulator.moto_services.names import name_call
from datasync_emulator.protocol.service import load_model

_BAD_REQUEST = 400
_CODE = re.compile(rb'<Code>([^<]+)</Code>|"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"')
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class MotoService:
    """Implements messages.Service for one of moto's services.

    S3's requests are served in `threads`, for their bodies may be large. The others' run in the event loop: they
    take half a millisecond, and moto's IAM is not made for several threads.
    """

    name: MotoServiceName
    app: MotoApp
    threads: ThreadPoolExecutor | None = None

    def __post_init__(self) -> None:
        """Load the model now, rather than on the first call."""
        _operations(self.name)

    def read(self, name: str, request: HttpRequest, caller: Caller, request_id: str) -> Call:
        """Name the operation."""
        operation, params = name_call(name, request)
        return Call(name, operation, caller, params, request_id, request)

    async def answer(self, call: Call) -> Reply:
        """Let moto serve it; what moto does not have is an error of the service, not a crash."""
        if call.operation not in _operations(self.name) and self.name not in ("s3", "s3control"):
            return self.error(call, "InvalidAction", f"Could not find operation {call.operation or '(none)'}", 400)
        try:
            reply = await self._serve(call)
        except NotImplementedError as error:
            return self.error(call, "NotImplemented", str(error), 501)
        except Exception as error:  # noqa: BLE001 - moto raises anything; a caller gets an answer
            _log.exception("%s %s failed in moto", call.service, call.operation)
            return self.error(call, "InternalFailure", f"moto failed: {error}", 500)
        if reply.status < _BAD_REQUEST:
            return reply
        return Reply(reply.status, reply.body, reply.headers, _error_code(reply))

    async def _serve(self, call: Call) -> Reply:
        if self.threads is None:
            return self.app(self.name, call.request, call.caller)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self.threads, self.app, self.name, call.request, call.caller)

    def error(self, call: Call, code: str, message: str, status: int) -> Reply:
        """Word an error in the service's wire format: XML for S3, IAM and STS, JSON for the others."""
        headers = {"x-amzn-RequestId": call.request_id}
        if call.service in ("s3", "s3control", "iam", "sts"):
            inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
            return Reply(status, _xml(call, inner), headers | {"Content-Type": "text/xml"}, code)
        body = json.dumps({"__type": code, "message": message}).encode()
        return Reply(status, body, headers | {"Content-Type": "application/x-amz-json-1.0"}, code)


@cache
def _operations(service: MotoServiceName) -> frozenset[str]:
    return frozenset(load_model(service).operation_names)


def _xml(call: Call, inner: str) -> bytes:
    request_id = f"<RequestId>{call.request_id}</RequestId>"
    if call.service == "s3":
        return f'<?xml version="1.0" encoding="UTF-8"?><Error>{inner}{request_id}</Error>'.encode()
    return f"<ErrorResponse><Error><Type>Sender</Type>{inner}</Error>{request_id}</ErrorResponse>".encode()


def _error_code(reply: Reply) -> str:
    match = _CODE.search(reply.body)
    return (match[1] or match[2]).decode(errors="replace") if match else str(reply.status)
