"""Which route answers a request, and how: FastAPI describes the routes, and is not asked when one is served.

What it does before and after each function, for types, bodies and dependencies, takes longer than most answers.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from http import HTTPStatus
from inspect import signature
from typing import Final, NamedTuple, cast

from fastapi.routing import APIRoute
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute

from datamover_api.http.answers import UnservedError

_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROUTE: Final = "route"
"""In a request's scope: the path of the route that answers it, as it was declared."""


class _Served(NamedTuple):
    """A route: its function takes the strings in its path, and the request where it names that."""

    route: APIRoute
    takes_request: bool


class Router:
    """Finds the first route, in the order of their declaration, that serves a method and a path."""

    def __init__(self, routes: Iterable[BaseRoute]) -> None:
        """Serve these, which must all be FastAPI's; no part of a path that they name may hold a slash."""
        self._served: dict[tuple[str, int], list[_Served]] = {}
        for route in routes:
            assert isinstance(route, APIRoute)  # noqa: S101 - no others are declared
            served = _Served(route, "request" in signature(route.endpoint).parameters)
            for method in route.methods or ():
                self._served.setdefault((method, route.path.count("/")), []).append(served)

    async def answer(self, request: Request) -> Response:
        """The answer of its route. Raises RefusalError."""
        method, path = request.scope["method"], request.scope["path"]
        found = self._find(method, path)
        if found is None:
            raise self._unserved(path)
        served, given = found
        request.scope[ROUTE] = served.route.path
        endpoint = cast("Callable[..., Awaitable[Response]]", served.route.endpoint)
        return await (endpoint(request=request, **given) if served.takes_request else endpoint(**given))

    def _find(self, method: str, path: str) -> tuple[_Served, dict[str, str]] | None:
        for served in self._served.get((method, path.count("/")), ()):
            if (match := served.route.path_regex.fullmatch(path)) is not None:
                return served, match.groupdict()
        return None

    def _unserved(self, path: str) -> UnservedError:
        methods = [method for method in _METHODS if self._find(method, path) is not None]
        if not methods:
            return UnservedError(HTTPStatus.NOT_FOUND, "not found")
        allowed = (*methods, *(["HEAD"] if "GET" in methods else []), "OPTIONS")
        return UnservedError(HTTPStatus.METHOD_NOT_ALLOWED, "method not allowed", allowed)
