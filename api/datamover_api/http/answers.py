"""Plain answers, and the refusals that each facade says in its own words."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import JSONResponse, Response

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


class RefusalError(Exception):
    """A request is answered with this status; the message says why, for people."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status
        self.message = message


class UnservedError(RefusalError):
    """No route serves the path (404), or its method (405); `allowed` are the methods that are served."""

    def __init__(self, status: int, message: str, allowed: tuple[str, ...] = ()) -> None:
        """Keep them."""
        super().__init__(status, message)
        self.allowed = allowed


def text(message: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text; a header would be left out for an empty one, which has no type."""
    return Response(message, status, {**(TEXT if message else {}), **(headers or {})})


def json_document(value: object) -> bytes:
    """A value as JSON: what is asked for again and again is kept in this form."""
    return bytes(JSONResponse(value).body)


def shown(document: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON document that is ready."""
    return Response(document, status, headers, "application/json")
