"""What every request passes before a route sees it: it is counted, its token verified, its path cleaned. Pure ASGI."""

from __future__ import annotations

import time
from collections.abc import Collection
from http import HTTPStatus
from posixpath import normpath
from typing import Final, cast
from urllib.parse import quote

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datamover_api.auth.tokens import TooManyTokensError, Verifier
from datamover_api.http.answers import ANY_ORIGIN, text
from datamover_api.http.peers import peer_of
from datamover_api.metrics import Metrics

TOKEN_HEADER: Final = "X-Auth-Token"  # noqa: S105 - the header's name
_PREFLIGHT: Final = {**ANY_ORIGIN, "Access-Control-Allow-Headers": TOKEN_HEADER}
NO_ROUTE: Final = "none"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger(__name__)


class Gate:
    """Lets requests with a valid token through to `app`, and requests for public paths."""

    def __init__(self, app: ASGIApp, verifier: Verifier, public: Collection[str], metrics: Metrics) -> None:
        """`public` are the paths that need no token."""
        self._app = app
        self._verifier = verifier
        self._public = frozenset(public)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        # HEAD is served as GET; uvicorn leaves the body out.
        inner = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        started, status = time.perf_counter(), HTTPStatus.INTERNAL_SERVER_ERROR.value

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            refusal = await self._refusal(Request(inner))
            await (refusal or self._app)(inner, receive, watched)
        finally:
            self._record(scope["method"], _route(inner), status, time.perf_counter() - started)

    async def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that must not reach a route."""
        path = request.scope["path"]
        if request.method == "OPTIONS":
            return Response(headers=_PREFLIGHT)
        if path not in self._public:
            token = request.headers.get(TOKEN_HEADER, "").strip(" \t").encode("latin-1")
            try:
                is_known = await self._verifier.verify(token, peer_of(request.client.host if request.client else ""))
            except TooManyTokensError:
                return text("too many requests with new tokens", HTTPStatus.TOO_MANY_REQUESTS)
            if not is_known:
                self._metrics.token_refused()
                return Response(status_code=HTTPStatus.FORBIDDEN)
        return _redirect(request, clean(path))

    def _record(self, method: str, route: str, status: int, seconds: float) -> None:
        # A client can think of any method, and each one would be a series of its own.
        self._metrics.answered(method if method in _METHODS else "other", route, status, seconds)
        # What nobody has served, for want of a token or a route, is worth no line: whoever connects can cause many.
        is_news = status >= HTTPStatus.INTERNAL_SERVER_ERROR or (method not in {"GET", "HEAD"} and route != NO_ROUTE)
        log = _log.info if is_news else _log.debug
        log("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))


def clean(path: str) -> str:
    """A path without empty, `.` and `..` parts, its trailing slash kept, as Go's path.Clean has it."""
    if "//" not in path and "/." not in path:
        return path
    cleaned = normpath("/" + path.lstrip("/"))
    return cleaned + "/" if path.endswith("/") and cleaned != "/" else cleaned


def _redirect(request: Request, cleaned: str) -> Response | None:
    if cleaned == request.scope["path"]:
        return None
    query = request.scope["query_string"].decode("latin-1")
    location = quote(cleaned) + (f"?{query}" if query else "")
    return Response(status_code=HTTPStatus.MOVED_PERMANENTLY, headers={"Location": location})


def _route(scope: Scope) -> str:
    return cast("str", getattr(scope.get("route"), "path", NO_ROUTE))
