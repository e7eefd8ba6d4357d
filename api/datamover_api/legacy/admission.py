"""Whom the older service let in, and how its router answered what it did not serve."""

from __future__ import annotations

from collections.abc import Collection
from http import HTTPStatus
from posixpath import normpath
from typing import Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import Response

from datamover_api.auth.tokens import TooManyTokensError, Verifier
from datamover_api.http.answers import ANY_ORIGIN, RefusalError, UnservedError, text
from datamover_api.http.peers import peer_of
from datamover_api.metrics import Metrics

TOKEN_HEADER: Final = "X-Auth-Token"  # noqa: S105 - the header's name
_PREFLIGHT: Final = {**ANY_ORIGIN, "Access-Control-Allow-Headers": TOKEN_HEADER}
_ROUTER_S_WORDS: Final = {
    HTTPStatus.NOT_FOUND: "404 page not found\n",
    HTTPStatus.METHOD_NOT_ALLOWED: "Method Not Allowed\n",
}


class Admission:
    """Admits requests with a valid token, and those for public paths."""

    def __init__(self, verifier: Verifier, public: Collection[str], metrics: Metrics) -> None:
        """`public` are the paths that need no token."""
        self._verifier = verifier
        self._public = frozenset(public)
        self._metrics = metrics

    async def __call__(self, request: Request) -> Response | None:
        """The answer to a request that must not reach a route."""
        path = request.scope["path"]
        if request.method == "OPTIONS":
            return Response(headers=_PREFLIGHT)
        if path not in self._public:
            token = request.headers.get(TOKEN_HEADER, "").strip(" \t").encode("latin-1")
            try:
                is_known = await self._verifier.verify(token, peer_of((request.scope.get("client") or ("", 0))[0]))
            except TooManyTokensError:
                return text("too many requests with new tokens", HTTPStatus.TOO_MANY_REQUESTS)
            if not is_known:
                self._metrics.token_refused()
                return Response(status_code=HTTPStatus.FORBIDDEN)
        return _redirect(request, clean(path))


def refuse(error: RefusalError) -> Response:
    """A refusal as a plain text; the router's own ones in the form of Go's http.Error."""
    if not isinstance(error, UnservedError):
        return text(error.message, error.status)
    allow = {"Allow": ", ".join(error.allowed)} if error.allowed else {}
    return text(_ROUTER_S_WORDS[HTTPStatus(error.status)], error.status, {"X-Content-Type-Options": "nosniff", **allow})


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
