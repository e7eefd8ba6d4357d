"""What every request passes before a route sees it: counted, and admitted by the facade that it is for. Pure ASGI."""

from __future__ import annotations

import time
from collections.abc import Collection
from http import HTTPStatus
from typing import Final, cast

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datamover_api.http.facade import Facades
from datamover_api.metrics import Metrics

NO_ROUTE: Final = "none"
ANSWER_HEADERS: Final = "datamover.answer_headers"
"""In a request's scope: a list of headers, as pairs of bytes, that every answer to it bears."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger(__name__)


class Gate:
    """Lets requests through to `app` that their facade admits, and requests for public paths."""

    def __init__(self, app: ASGIApp, facades: Facades, public: Collection[str], metrics: Metrics) -> None:
        """`public` are the paths, beside the facades' own, that need no credentials."""
        self._app = app
        self._facades = facades
        self._public = frozenset(public)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        # HEAD is served as GET; uvicorn leaves the body out.
        inner: Scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        started, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message = {**message, "headers": [*message["headers"], *inner.get(ANSWER_HEADERS, ())]}
            await send(message)

        try:
            refusal = await self._refusal(Request(inner))
            await (refusal or self._app)(inner, receive, watched)
        finally:
            self._record(scope["method"], _route(inner), status, time.perf_counter() - started)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that must not reach a route."""
        path = request.scope["path"]
        if path in self._public and request.method != "OPTIONS":
            return None
        return await self._facades.of(path).admit(request)

    def _record(self, method: str, route: str, status: int, seconds: float) -> None:
        # A client can think of any method, and each one would be a series of its own.
        self._metrics.answered(method if method in _METHODS else "other", route, status, seconds)
        # What was refused, for lack of a token or a route, is not logged: any client can cause many such lines.
        is_news = status >= HTTPStatus.INTERNAL_SERVER_ERROR or (method not in {"GET", "HEAD"} and route != NO_ROUTE)
        log = _log.info if is_news else _log.debug
        log("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))


def _route(scope: Scope) -> str:
    return cast("str", getattr(scope.get("route"), "path", NO_ROUTE))
