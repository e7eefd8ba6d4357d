"""What passes between the modules: a request as it arrived, a call as it was understood, a reply to send."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from moto.utilities.utils import get_partition

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request with its body read; `path` and `query` are still percent-encoded, header look-up ignores case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, where, and when; `sees_until` hides what was created later (None hides nothing)."""

    account: str
    region: str
    now: datetime
    sees_until: datetime | None = None

    @property
    def partition(self) -> str:
        """The AWS partition that the region belongs to."""
        return get_partition(self.region)

    def sees(self, created: datetime) -> bool:
        """Whether a listing shows what was created then."""
        return self.sees_until is None or created <= self.sees_until


@dataclass(frozen=True, slots=True)
class Call:
    """An AWS operation that somebody asked for. `params` are what the journal shows."""

    service: str
    operation: str
    caller: Caller
    params: JsonObject
    request_id: str
    request: HttpRequest


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `error_code` is AWS's code where the answer is an error."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    error_code: str | None = None


class Service(Protocol):
    """One AWS service behind the common port."""

    def read(self, name: str, request: HttpRequest, caller: Caller, request_id: str) -> Call:
        """Understand a request far enough to name its operation; never refuses."""

    async def answer(self, call: Call) -> Reply:
        """Carry the call out; what the service refuses comes back as an error reply, not as an exception."""

    def error(self, call: Call, code: str, message: str, status: int) -> Reply:
        """Word an error in this service's wire format."""
