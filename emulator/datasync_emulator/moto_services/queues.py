"""SQS, which lets a reader wait for messages: moto would sleep meanwhile, and the whole event loop with it."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import dataclass, replace

from datasync_emulator.messages import Call, HttpRequest, Reply
from datasync_emulator.moto_services.service import MotoService

_LOOK = 0.05
_LONGEST = 20.0
_BAD_REQUEST = 400


@dataclass(frozen=True)
class QueueService(MotoService):
    """moto's SQS, asked again and again while a reader waits."""

    async def answer(self, call: Call) -> Reply:
        """Let moto serve it; ReceiveMessage is answered with the first message, or when its time is over."""
        if call.operation != "ReceiveMessage":
            return await super().answer(call)
        seconds, request = _without_waiting(call.request)
        if seconds <= 0:
            return await super().answer(call)
        ends = time.monotonic() + min(seconds, _LONGEST)
        while True:
            reply = await super().answer(replace(call, request=request))
            if reply.status >= _BAD_REQUEST or _has_messages(reply) or time.monotonic() >= ends:
                return reply
            await asyncio.sleep(_LOOK)


def _without_waiting(request: HttpRequest) -> tuple[float, HttpRequest]:
    """How long the reader wants to wait, and the request of one who does not."""
    try:
        members = json.loads(request.body)
        seconds = float(members.get("WaitTimeSeconds", 0))
    except (ValueError, TypeError, AttributeError):
        return 0.0, request
    body = json.dumps(members | {"WaitTimeSeconds": 0}).encode()
    headers = {name: value for name, value in request.headers.items() if name.lower() != "content-length"}
    return seconds, replace(request, body=body, headers=headers | {"Content-Length": str(len(body))})


def _has_messages(reply: Reply) -> bool:
    try:
        return bool(json.loads(reply.body).get("Messages"))
    except (ValueError, AttributeError):
        return True
