"""The emulator's own endpoints, under /_emulator/: health, journal, faults, clock, agents, reset."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import parse_qsl

from datasync_emulator.catalogue.agents import Agents
from datasync_emulator.clock import MovableClock
from datasync_emulator.errors import ApiError, validation_error
from datasync_emulator.faults import DROP, PROCEED, Faults, parse_rule
from datasync_emulator.journal import Journal
from datasync_emulator.messages import Caller, HttpRequest, JsonObject, Reply
from datasync_emulator.protocol.formats import JSON, parse

PREFIX = "/_emulator/"
_AGENT_ARN = re.compile(r"arn:[\w-]+:datasync:[\w-]+:\d{12}:agent/[\w-]+", re.ASCII)
_AGENT_STATUSES = ("ONLINE", "OFFLINE")
_FILTERS = frozenset({"service", "operation", "account", "region"})


@dataclass(frozen=True)
class Control:
    """Answers control requests; errors are JSON {code, message}."""

    journal: Journal
    faults: Faults
    clock: MovableClock
    agents: Agents
    reset: Callable[[], None]

    def answer(self, request: HttpRequest) -> Reply:
        """Serve one request."""
        try:
            return _json(200, self._route(request))
        except ApiError as error:
            return _json(error.status, {"code": error.code, "message": error.message})

    def _route(self, request: HttpRequest) -> JsonObject:
        match request.method, *request.path.removeprefix(PREFIX).rstrip("/").split("/"):
            case "GET", "health":
                return {"status": "ok"}
            case "GET", "journal":
                return self._read_journal(request)
            case "DELETE", "journal":
                self.journal.clear()
                return {}
            case method, "faults", *rest:
                return self._faults(method, rest, request)
            case "POST", "clock":
                return self._move_clock(request)
            case "POST", "agents":
                return self._set_agent(request)
            case "POST", "reset":
                self.reset()
                return {}
        raise ApiError("UnknownOperationException", f"{request.method} {request.path} does not exist", 404)

    def _read_journal(self, request: HttpRequest) -> JsonObject:
        query = dict(parse_qsl(request.query))
        since = query.pop("since", "0")
        if not since.isdecimal():
            raise validation_error(f"since is '{since}'; it must be a sequence number")
        for name in query.keys() - _FILTERS:
            raise validation_error(f"'{name}' is not known; known are: since, {', '.join(sorted(_FILTERS))}")
        return {"entries": self.journal.since(int(since), query)}

    def _faults(self, method: str, rest: list[str], request: HttpRequest) -> JsonObject:
        match method, *rest:
            case ["GET"]:
                return {"faults": [fault.shown() for fault in self.faults.all()]}
            case ["POST"]:
                return self.faults.add(parse_rule(parse(JSON, request.body))).shown()
            case ["DELETE"]:
                self.faults.clear()
                return {}
            case ["GET", number] if number.isdecimal():
                return self.faults.find(int(number)).shown()
            case ["DELETE", number] if number.isdecimal():
                self.faults.remove(int(number))
                return {}
            case ["POST", number, "release"] if number.isdecimal():
                return self._release(int(number), request)
        raise ApiError("UnknownOperationException", f"{method} {request.path} does not exist", 404)

    def _release(self, number: int, request: HttpRequest) -> JsonObject:
        outcome = parse(JSON, request.body).get("outcome", PROCEED)
        if outcome not in (PROCEED, DROP):
            raise validation_error(f"outcome is {outcome!r}; it must be {PROCEED} or {DROP}")
        fault = self.faults.find(number)
        fault.release(outcome)
        return fault.shown()

    def _move_clock(self, request: HttpRequest) -> JsonObject:
        seconds = parse(JSON, request.body).get("advanceSeconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or seconds < 0:
            raise validation_error(f"advanceSeconds is {seconds!r}; it must be a number from 0")
        self.clock.advance(timedelta(seconds=seconds))
        return {"now": self.clock().isoformat()}

    def _set_agent(self, request: HttpRequest) -> JsonObject:
        given = parse(JSON, request.body)
        arn, status = given.get("agentArn"), given.get("status")
        if not isinstance(arn, str) or not _AGENT_ARN.fullmatch(arn):
            raise validation_error(f"agentArn is {arn!r}; it must be an agent's ARN")
        if status not in _AGENT_STATUSES:
            raise validation_error(f"status is {status!r}; it must be {' or '.join(_AGENT_STATUSES)}")
        _, _, _, region, account, _ = arn.split(":", 5)
        agent = self.agents.set_online(Caller(account, region, self.clock()), arn, online=status == "ONLINE")
        return {"agentArn": agent.arn, "status": status}


def _json(status: int, value: JsonObject) -> Reply:
    body = json.dumps(value).encode()
    return Reply(status, body, {"Content-Type": "application/json"})
