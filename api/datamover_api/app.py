"""The application: facades, health and the OpenAPI document behind one gate."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from datamover_api.http.answers import RefusalError, error_text, text
from datamover_api.openapi import describe

OPENAPI: Final = "/openapi.json"
_NOT_FOUND, _NOT_ALLOWED = "404 page not found", "Method Not Allowed"


def application(version: str, *routers: APIRouter) -> FastAPI:
    """An application with these routes. No answer is ever in FastAPI's own words."""
    app = FastAPI(
        title="datamover-api",
        version=version,
        description="Movers over HTTP: the REST API of the older service, on the custom resources of datamover.io.",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would be looked for at each request
    )
    for router in routers:
        # FastAPI would look an included router's routes up twice for each request, and again twice at each level.
        app.router.routes.extend(router.routes)
    app.add_exception_handler(HTTPException, _unserved)
    app.add_exception_handler(RefusalError, _refused)
    app.add_exception_handler(Exception, _failed)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign] # FastAPI's documented way to extend it
    return app


async def _unserved(request: Request, error: Exception) -> Response:
    """A path or a method that no route serves."""
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        return error_text(_NOT_ALLOWED, error.status_code, {"Allow": ", ".join(_served(request))})
    return error_text(_NOT_FOUND, HTTPStatus.NOT_FOUND)


def _served(request: Request) -> list[str]:
    """The methods of a path: each of its routes knows only its own."""
    scopes = {method: {**request.scope, "method": method} for method in ("GET", "POST", "PUT", "DELETE")}
    routes = request.app.routes
    served = [each for each in scopes if any(route.matches(scopes[each])[0] is Match.FULL for route in routes)]
    return [*served, *(["HEAD"] if "GET" in served else []), "OPTIONS"]


async def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)  # noqa: S101 - it is registered for these
    return text(error.message, error.status)


async def _failed(_: Request, __: Exception) -> Response:
    """An error of our own; Starlette logs it."""
    return text("internal server error", HTTPStatus.INTERNAL_SERVER_ERROR)
