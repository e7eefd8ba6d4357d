"""What every request passes: admitted by the facade that it is for, answered by its route, and counted. Pure ASGI."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection
from http import HTTPStatus
from typing import Final

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from datamover_api.http.answers import RefusalError
from datamover_api.http.facade import Facade, Facades
from datamover_api.http.router import ROUTE, Router
from datamover_api.metrics import Metrics

NO_ROUTE: Final = "none"
ANSWER_HEADERS: Final = "datamover.answer_headers"
"""In a request's scope: a list of headers, as pairs of bytes, that every answer to it bears."""
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH"})
_log = structlog.get_logger(__name__)
_level = logging.getLogger(__name__)


class Gate:
    """Lets requests through to their routes that their facade admits, and requests for public paths.

    A refusal, and an error of our own, is said in the words of the facade whose path it is about.
    """

    def __init__(self, router: Router, facades: Facades, public: Collection[str], metrics: Metrics) -> None:
        """`public` are the paths, beside the facades' own, that need no credentials."""
        self._router = router
        self._facades = facades
        self._public = frozenset(public)
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            return
        # HEAD is served as GET; uvicorn leaves the body out.
        inner: Scope = {**scope, "method": "GET"} if scope["method"] == "HEAD" else scope
        facade = self._facades.of(inner["path"])
        started, status = time.perf_counter(), 0

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *inner.get(ANSWER_HEADERS, ())]
            await send(message)

        try:
            answer = await self._answer(Request(inner, receive), facade)
            await answer(inner, receive, watched)
        except Exception:
            if not status:
                failed = RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal server error")
                await facade.refuse(failed)(inner, receive, watched)
            raise  # uvicorn logs it
        finally:
            status = status or HTTPStatus.INTERNAL_SERVER_ERROR.value
            self._record(scope["method"], inner.get(ROUTE, NO_ROUTE), status, time.perf_counter() - started)

    async def _answer(self, request: Request, facade: Facade) -> Response:
        try:
            if request.scope["path"] not in self._public or request.method == "OPTIONS":
                refusal = await facade.admit(request)
                if refusal is not None:
                    return refusal
            return await self._router.answer(request)
        except RefusalError as error:
            return facade.refuse(error)

    def _record(self, method: str, route: str, status: int, seconds: float) -> None:
        # A client can think of any method, and each one would be a series of its own.
        self._metrics.answered(method if method in _METHODS else "other", route, status, seconds)
        # What was refused, for lack of a token or a route, is not logged: any client can cause many such lines.
        is_news = status >= HTTPStatus.INTERNAL_SERVER_ERROR or (method not in {"GET", "HEAD"} and route != NO_ROUTE)
        if is_news or _level.isEnabledFor(logging.DEBUG):
            log = _log.info if is_news else _log.debug
            log("request", method=method, route=route, status=status, milliseconds=round(seconds * 1000, 1))
