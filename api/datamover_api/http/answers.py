"""Plain answers: text as Go's net/http gives it, and nothing in JSON but what a route promises."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

TEXT = {"Content-Type": "text/plain; charset=utf-8"}
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


class RefusalError(Exception):
    """A request is answered with this status and, as plain text, this message."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status
        self.message = message


def error_text(message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """An error of the router itself, in the form of Go's http.Error: a line, whose type browsers are not to guess."""
    return text(f"{message}\n", status, {"X-Content-Type-Options": "nosniff", **(headers or {})})


def text(message: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text; a header would be left out for an empty one, which has no type."""
    return Response(message, status, {**(TEXT if message else {}), **(headers or {})})
