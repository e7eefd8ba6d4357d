"""/docs: the routes on a page, which loads nothing from elsewhere: Swagger UI comes with a Python package."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from fastapi import APIRouter, Request
from starlette.responses import Response

DOCS: Final = "/docs"
_SWAGGER, _OWN = "fastapi_offline", "datamover_api.http"


class _Asset(NamedTuple):
    """A file that the page is made of: the package that holds it, its path there, its type."""

    package: str
    path: str
    media_type: str


_ASSETS: Final = {
    DOCS: _Asset(_OWN, "page/index.html", "text/html; charset=utf-8"),
    f"{DOCS}/start.js": _Asset(_OWN, "page/start.js", "text/javascript; charset=utf-8"),
    f"{DOCS}/favicon.svg": _Asset(_OWN, "page/favicon.svg", "image/svg+xml"),
    f"{DOCS}/swagger-ui.css": _Asset(_SWAGGER, "static/swagger-ui.css", "text/css; charset=utf-8"),
    f"{DOCS}/swagger-ui-bundle.js": _Asset(_SWAGGER, "static/swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
}
PUBLIC: Final = frozenset(_ASSETS)
"""The paths that need no token."""
_HEADERS: Final = {
    "Cache-Control": "public, max-age=3600",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Vary": "Accept-Encoding",
    "X-Content-Type-Options": "nosniff",
}


def docs_routes() -> APIRouter:
    """The page and what it is made of."""
    router = APIRouter(include_in_schema=False)
    for path in _ASSETS:
        router.add_api_route(path, _show, methods=["GET"])
    return router


async def _show(request: Request) -> Response:
    path = request.scope["path"]
    is_packed = "gzip" in request.headers.get("Accept-Encoding", "")
    body, tag = await asyncio.to_thread(_read, path, is_packed=is_packed)
    headers = {**_HEADERS, "ETag": tag, **({"Content-Encoding": "gzip"} if is_packed else {})}
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type=_ASSETS[path].media_type)


@lru_cache
def _read(path: str, *, is_packed: bool) -> tuple[bytes, str]:
    """An asset and its entity tag."""
    asset = _ASSETS[path]
    body = files(asset.package).joinpath(asset.path).read_bytes()
    packed = gzip.compress(body, mtime=0) if is_packed else body
    return packed, f'"{hashlib.sha256(packed).hexdigest()[:32]}"'
