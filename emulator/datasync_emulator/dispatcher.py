"""The path of every AWS call: told apart, written down, hit by a fault or not, answered."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from urllib.parse import parse_qs

from datasync_emulator.clock import Clock
from datasync_emulator.faults import DROP, Fault, Faults
from datasync_emulator.journal import Journal
from datasync_emulator.messages import Call, Caller, HttpRequest, JsonObject, Reply, Service
from datasync_emulator.protocol.formats import JSON, WireFormat, format_of, parse

_SCOPE = re.compile(r"Credential=([^/,\s]+)/\d{8}/([a-z0-9-]+)/([a-z0-9-]+)/aws4_request")
_DEFAULT_REGION = "us-east-1"
_BAD_REQUEST = 400
_S3_CONTROL = "/v20180820/"


@dataclass(frozen=True)
class Dispatcher:
    """Hands calls to services by the signature's service name."""

    services: Mapping[str, Service]
    account_of: Callable[[str], str]
    clock: Clock
    journal: Journal
    faults: Faults

    async def handle(self, request: HttpRequest) -> Reply | None:
        """Answer one request; None means that the connection is to be closed without an answer."""
        key, region, name = credential_scope(request)
        service = self.services.get(name)
        if service is None:
            return _unknown_service(request, name, self.services)
        caller = Caller(self.account_of(key), region, self.clock())
        call = service.read(name, request, caller, str(uuid.uuid4()))
        entry = self.journal.open(call)
        reply, lost = await self._perform(service, call, self.faults.for_call(call))
        if reply is not None:
            entry.status, entry.error = reply.status, reply.error_code
        entry.lost = lost
        return None if lost else reply

    async def _perform(self, service: Service, call: Call, fault: Fault | None) -> tuple[Reply | None, bool]:
        """Give the reply (None: there was no effect) and whether it gets lost."""
        if fault is None:
            return await service.answer(call), False
        match fault.rule.action, fault.rule.value:
            case "error", spec:
                if spec.get("effect"):
                    await service.answer(call)
                message = spec.get("message", "Injected by a fault.")
                reply = service.error(call, spec["code"], message, spec.get("status", _BAD_REQUEST))
                return _busy(reply, spec.get("retryAfter")), False
            case "drop" | "hold", "before":
                lost = await _is_lost(fault)
                return None if lost else await service.answer(call), lost
            case "drop" | "hold", _:
                return await service.answer(call), await _is_lost(fault)
            case "lagMs", milliseconds:
                sees_until = call.caller.now - timedelta(milliseconds=milliseconds)
                call = replace(call, caller=replace(call.caller, sees_until=sees_until))
            case "answer", members:
                return _with_members(await service.answer(call), members, format_of(call.request)), False
            case _, milliseconds:
                await asyncio.sleep(milliseconds / 1000)
        return await service.answer(call), False


def _busy(reply: Reply, seconds: int | None) -> Reply:
    """The reply of a service that wants to be left alone for some seconds."""
    return reply if seconds is None else replace(reply, headers={**reply.headers, "Retry-After": str(seconds)})


def _with_members(reply: Reply, members: JsonObject, wire_format: WireFormat) -> Reply:
    """A reply that says more, or something else; an error stays as it is."""
    if reply.error_code is not None:
        return reply
    return replace(reply, body=wire_format.write(_merged(parse(wire_format, reply.body), members)))


def _merged(value: JsonObject, members: JsonObject) -> JsonObject:
    within = {
        name: _merged(value[name], member)
        for name, member in members.items()
        if isinstance(member, dict) and isinstance(value.get(name), dict)
    }
    return value | members | within


async def _is_lost(fault: Fault) -> bool:
    """Whether the connection drops now: with `drop` always, with `hold` as the release says."""
    return fault.rule.action == "drop" or await _wait(fault) == DROP


async def _wait(fault: Fault) -> str:
    with fault.holding() as released:
        return await asyncio.wrap_future(released)


def credential_scope(request: HttpRequest) -> tuple[str, str, str]:
    """Give access key, Region and service name of the signature.

    Without a signature a form is STS' (web identities) and anything else S3's (public objects).
    """
    match = _SCOPE.search(request.headers.get("Authorization", ""))
    if match is None:
        credential = parse_qs(request.query).get("X-Amz-Credential", [""])[0]
        match = _SCOPE.search(f"Credential={credential}")
    if match is not None:
        # S3's account-wide operations (access points and the like) are signed for S3 too.
        is_control = match[3] == "s3" and request.path.startswith(_S3_CONTROL)
        return match[1], match[2], "s3control" if is_control else match[3]
    is_form = request.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
    return "", _DEFAULT_REGION, "sts" if is_form else "s3"


def _unknown_service(request: HttpRequest, name: str, services: Mapping[str, Service]) -> Reply:
    message = f"This emulator has no service '{name}'; it has: {', '.join(sorted(services))}."
    if "X-Amz-Target" in request.headers:
        body = JSON.write({"__type": "UnknownService", "message": message})
        return Reply(_BAD_REQUEST, body, JSON.headers, "UnknownService")
    text = f"<ErrorResponse><Error><Code>UnknownService</Code><Message>{message}</Message></Error></ErrorResponse>"
    return Reply(_BAD_REQUEST, text.encode(), {"Content-Type": "text/xml"}, "UnknownService")
