"""The port: HTTP/1.1 with keep-alive. Each request is read whole, answered by the front or the control endpoints."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from aiohttp.web_request import BaseRequest

from datasync_emulator.messages import HttpRequest, Reply

_log = logging.getLogger(__name__)
_UNLIMITED = 0
_NOT_OURS = frozenset({"content-length", "connection", "transfer-encoding"})

Handler = Callable[[HttpRequest], Awaitable[Reply | None]]
"""Answers a request; None closes the connection without an answer."""


@asynccontextmanager
async def listening(handle: Handler, host: str, port: int) -> AsyncIterator[str]:
    """Serve until the block is left; gives the endpoint's URL. Port 0 takes a free one.

    Raises:
        OSError: the port can't be bound.
    """
    server = web.Server(_adapted(handle), request_factory=_request, access_log=None, keepalive_timeout=75.0)
    runner = web.ServerRunner(server, shutdown_timeout=1.0)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, backlog=1024)
        await site.start()
        bound = runner.addresses[0]
        yield f"http://{f'[{host}]' if ':' in host else host}:{bound[1]}"
    finally:
        await runner.cleanup()


def _request(*args: object) -> BaseRequest:
    message, payload, protocol, writer, task = args
    loop = asyncio.get_running_loop()
    return BaseRequest(message, payload, protocol, writer, task, loop, client_max_size=_UNLIMITED)  # type: ignore[arg-type]


def _adapted(handle: Handler) -> Callable[[BaseRequest], Awaitable[web.StreamResponse]]:
    async def serve(request: BaseRequest) -> web.StreamResponse:
        path, _, query = request.raw_path.partition("?")
        _let_continue(request)
        body = await request.read()
        reply = await handle(HttpRequest(request.method, path, query, request.headers, body))
        if reply is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response()
        return _response(request, reply)

    return serve


def _let_continue(request: BaseRequest) -> None:
    """Answer `Expect: 100-continue` (RFC 9110, 10.1.1); S3 clients that get no answer wait a second with each body."""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _response(request: BaseRequest, reply: Reply) -> web.Response:
    keep_length = request.method == "HEAD"
    response = web.Response(status=reply.status, body=reply.body)
    for name, value in reply.headers.items():
        if name.lower() not in _NOT_OURS or (keep_length and name.lower() == "content-length"):
            response.headers[name] = value
    return response
