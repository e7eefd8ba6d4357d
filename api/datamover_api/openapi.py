"""The service's OpenAPI document: what the routes say, and how their callers authenticate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Final

from fastapi import APIRouter
from fastapi.openapi.utils import get_openapi
from starlette.responses import Response
from starlette.routing import BaseRoute

from datamover_api.http.answers import json_document, shown

OPENAPI: Final = "/openapi.json"
_TITLE: Final = "datamover-api"
_DESCRIPTION: Final = "Moves data with AWS DataSync, through the custom resources of datamover.io."
_METHODS: Final = frozenset({"get", "put", "post", "delete", "patch"})


def openapi_routes(version: str, routes: Sequence[BaseRoute], schemes: Mapping[str, Mapping[str, str]]) -> APIRouter:
    """The document of these routes, made when it is first asked for."""
    router = APIRouter(include_in_schema=False)

    @cache
    def document() -> bytes:
        return json_document(describe(version, routes, schemes))

    @router.get(OPENAPI)
    async def openapi() -> Response:
        return shown(document())

    return router


def describe(version: str, routes: Sequence[BaseRoute], schemes: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """The document; `schemes` are the security schemes by name."""
    document = get_openapi(title=_TITLE, version=version, description=_DESCRIPTION, routes=routes)
    for path in document["paths"].values():
        for operation in (its for method, its in path.items() if method in _METHODS):
            # FastAPI's own validation never fails: every parameter is a string.
            operation["responses"].pop("422", None)
            for parameter in operation.get("parameters", ()):
                schema = parameter["schema"]
                schema.pop("title", None)
                if "examples" in schema:  # where the page looks for one
                    parameter["example"] = schema.pop("examples")[0]
    # All bodies are described where they stand: what FastAPI lists beside them is never sent.
    document["components"] = {"securitySchemes": dict(schemes)}
    return document
