"""Routes that take nothing but strings of their path, and the request."""

from __future__ import annotations

from collections.abc import Callable
from inspect import signature
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from starlette.responses import Response
from starlette.routing import request_response


class PlainRoute(APIRoute):
    """A route whose function takes the strings in its path, maybe the `request`, and returns a Response.

    FastAPI describes it; it is answered as Starlette does. What FastAPI does before and after a function, for types,
    bodies and dependencies, takes longer than most answers.
    """

    def __init__(self, path: str, endpoint: Callable[..., Any], **described: Any) -> None:  # noqa: ANN401 - FastAPI's
        """Take FastAPI's arguments."""
        super().__init__(path, endpoint, **described)
        takes_request = "request" in signature(endpoint).parameters

        async def answer(request: Request) -> Response:
            given = {"request": request} if takes_request else {}
            response: Response = await endpoint(**given, **request.path_params)
            return response

        self.app = request_response(answer)
