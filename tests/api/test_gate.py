"""Which route answers which request, and in whose words a request is refused."""

from __future__ import annotations

import asyncio

import pytest
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import Message

from datamover_api.http.answers import RefusalError, UnservedError, text
from datamover_api.http.facade import Facade, Facades
from datamover_api.http.gate import Gate
from datamover_api.http.router import Router
from datamover_api.metrics import Metrics


def routes() -> APIRouter:
    router = APIRouter()

    @router.get("/a/first")
    async def first() -> Response:
        return text("first")

    @router.get("/a/{one}")
    async def single(one: str) -> Response:
        return text(one)

    @router.put("/a/{one}/b/{two}")
    async def double(request: Request, one: str, two: str) -> Response:
        return text(f"{one} {two} {(await request.body()).decode()}")

    @router.get("/a/refused/b")
    async def refused() -> Response:
        raise RefusalError(409, "not now")

    @router.get("/b/broken")
    async def broken() -> Response:
        raise OSError("a secret of ours")

    return router


@pytest.mark.parametrize(
    ("method", "path", "answer"),
    [
        ("GET", "/a/first", (200, "first")),
        ("GET", "/a/second", (200, "second")),
        ("HEAD", "/a/second", (200, "second")),  # uvicorn leaves the body out
        ("PUT", "/a/x/b/y%", (200, "x y% body")),
        ("GET", "/a/refused/b", (409, "a: not now")),
        ("GET", "/a/", (404, "a: not found")),
        ("GET", "/a/first/", (404, "a: not found")),
        ("GET", "/a/first\n", (200, "first\n")),  # the parameter's: it is not /a/first
        ("GET", "/a/x/b", (404, "a: not found")),
        ("GET", "/nowhere", (404, "a: not found")),
        ("PUT", "/a/first", (405, "a: method not allowed GET HEAD OPTIONS")),
        ("BREW", "/a/x/b/y", (405, "a: method not allowed PUT OPTIONS")),
        ("OPTIONS", "/a/first", (200, "admitted by a")),
        ("GET", "/b/closed", (403, "closed")),
    ],
)
def test_each_request_has_the_answer_of_its_route_or_a_refusal_in_the_words_of_its_facade(
    method: str, path: str, answer: tuple[int, str]
) -> None:
    assert answered(method, path) == answer


def test_an_error_of_our_own_is_told_to_the_log_and_not_to_clients() -> None:
    sent: list[Message] = []
    with pytest.raises(OSError, match="a secret of ours"):  # uvicorn logs it
        answered("GET", "/b/broken", sent)
    assert (sent[0]["status"], sent[1]["body"]) == (500, b"b: internal server error")


def answered(method: str, path: str, sent: list[Message] | None = None) -> tuple[int, str]:
    told = sent if sent is not None else []

    async def receive() -> Message:
        return {"type": "http.request", "body": b"body", "more_body": False}

    async def send(message: Message) -> None:
        told.append(message)

    scope = {"type": "http", "method": method, "path": path, "headers": [], "query_string": b""}
    facades = Facades([facade("a"), facade("b")])
    gate = Gate(Router(routes().routes), facades, {"/a/first"}, Metrics())
    asyncio.run(gate(scope, receive, send))
    return told[0]["status"], told[1]["body"].decode()


def facade(name: str) -> Facade:
    async def admit(request: Request) -> Response | None:
        if request.method == "OPTIONS":
            return text(f"admitted by {name}")
        return text("closed", 403) if request.scope["path"] == "/b/closed" else None

    def refuse(error: RefusalError) -> Response:
        allowed = error.allowed if isinstance(error, UnservedError) else ()
        return text(" ".join([f"{name}: {error.message}", *allowed]), error.status)

    return Facade(APIRouter(), (f"/{name}",), frozenset(), admit, refuse)
