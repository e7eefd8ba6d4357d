"""Plain answers: text as Go's net/http gives it, without a charset, and nothing in JSON but what a route promises."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

TEXT = {"Content-Type": "text/plain"}
ANY_ORIGIN = {"Access-Control-Allow-Origin": "*"}


class RefusalError(Exception):
    """A request is answered with this status and, as plain text, this message."""

    def __init__(self, status: int, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.status = status
        self.message = message


def text(message: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A plain text; a header would be left out for an empty one, which has no type."""
    return Response(message, status, {**(TEXT if message else {}), **(headers or {})})
