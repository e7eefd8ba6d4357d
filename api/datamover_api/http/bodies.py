"""Request bodies: bounded in size and time, so that no client takes what others need."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from starlette.requests import ClientDisconnect, Request

from datamover_api.http.answers import RefusalError

_PATIENCE: Final = 8


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """The maximum size of a body in bytes, and the maximum time for it to arrive in seconds."""

    size: int
    seconds: float


async def read_body(request: Request, limits: BodyLimits) -> bytes:
    """Return the body. Raises RefusalError."""
    body = bytearray()
    size = 0
    try:
        async with asyncio.timeout(limits.seconds):
            async for chunk in request.stream():
                # The excess is read for a while: many clients look for an answer only when they have sent everything.
                size += len(chunk)
                if size > _PATIENCE * limits.size:
                    break
                if size <= limits.size:
                    body += chunk
    except TimeoutError:
        raise RefusalError(HTTPStatus.REQUEST_TIMEOUT, f"the body took more than {limits.seconds:g} seconds") from None
    except ClientDisconnect:
        raise RefusalError(HTTPStatus.BAD_REQUEST, "the body ended early") from None
    if size > limits.size:
        raise RefusalError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body must have at most {limits.size} bytes")
    return bytes(body)
