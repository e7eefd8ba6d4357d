"""The application: facades, health, the OpenAPI document and its page, behind one gate."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter, FastAPI, Request
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from datamover_api.http.answers import RefusalError, UnservedError
from datamover_api.http.facade import Facades
from datamover_api.openapi import describe

OPENAPI: Final = "/openapi.json"
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


def application(version: str, facades: Facades, *others: APIRouter) -> FastAPI:
    """An application of these facades, and of routes that belong to none.

    Nothing is ever answered in FastAPI's own words: a refusal is said in those of the facade whose path it is about.
    """
    app = FastAPI(
        title="datamover-api",
        version=version,
        description="Moves data with AWS DataSync, through the custom resources of datamover.io.",
        openapi_url=OPENAPI,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # it would be looked for at each request
    )
    for router in (*(each.routes for each in facades.served), *others):
        # FastAPI would look an included router's routes up twice for each request, and again twice at each level.
        app.router.routes.extend(router.routes)

    async def unserved(request: Request, error: Exception) -> Response:
        """A path or a method that no route serves."""
        refusal = UnservedError(HTTPStatus.NOT_FOUND, "not found")
        if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            refusal = UnservedError(error.status_code, "method not allowed", _served(request))
        return facades.of(request.scope["path"]).refuse(refusal)

    async def refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, RefusalError)  # noqa: S101 - it is registered for these
        return facades.of(request.scope["path"]).refuse(error)

    async def failed(request: Request, _: Exception) -> Response:
        """An error of our own; Starlette logs it."""
        own = RefusalError(HTTPStatus.INTERNAL_SERVER_ERROR, "internal server error")
        return facades.of(request.scope["path"]).refuse(own)

    app.add_exception_handler(HTTPException, unserved)
    app.add_exception_handler(RefusalError, refused)
    app.add_exception_handler(Exception, failed)
    schemes = {name: scheme for each in facades.served for name, scheme in each.schemes.items()}
    app.openapi = lambda: describe(app, schemes)  # type: ignore[method-assign] # FastAPI's documented way to extend it
    return app


def _served(request: Request) -> tuple[str, ...]:
    """The methods of a path: each of its routes knows only its own."""
    scopes = {method: {**request.scope, "method": method} for method in _METHODS}
    routes = request.app.routes
    served = [each for each in scopes if any(route.matches(scopes[each])[0] is Match.FULL for route in routes)]
    return (*served, *(["HEAD"] if "GET" in served else []), "OPTIONS")
