"""A small HTTP server in an API server's place, which answers as a test wants it; and the client that asks it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from kubernetes.aio.client import Configuration

from datamover_common.kube.client import KubeClient

Answer = Callable[[web.BaseRequest], Awaitable[web.Response]]


def answering(status: int = 200, text: str = "ok") -> Answer:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(status=status, text=text)

    return answer


def telling(obj: object) -> Answer:
    return answering(text=json.dumps(obj))


async def never(_: web.BaseRequest) -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def api_server(answer: Answer) -> AsyncIterator[str]:
    """The address of a server that answers everything with what `answer` makes."""

    async def handle(request: web.BaseRequest) -> web.StreamResponse:
        return await answer(request)

    runner = web.ServerRunner(web.Server(handle), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


@asynccontextmanager
async def client_of(host: str) -> AsyncIterator[KubeClient]:
    client = KubeClient(Configuration(host=host))
    try:
        yield client
    finally:
        await client.close()


@asynccontextmanager
async def client_that_gets(answer: Answer) -> AsyncIterator[KubeClient]:
    async with api_server(answer) as host, client_of(host) as client:
        yield client


async def nowhere() -> str:
    """An address where nobody listens."""
    async with api_server(never) as host:
        return host
