"""What kopf is given to read of a watch, over real HTTP: whole lines, whatever the pieces they come in."""

from __future__ import annotations

import json

import aiohttp
import pytest
from aiohttp import web

from datamover_operator.kube.shallow import ShallowResponse
from tests.support.api_server import api_server

DEEP = b'{"a":' * 5000 + b"1" + b"}" * 5000
EVENTS = [b'{"type":"ADDED"}', b'{"type":"MODIFIED","object":%s}' % DEEP, b'{"type":"DELETED"}']


@pytest.mark.parametrize("piece", [1000, 1 << 20])
@pytest.mark.parametrize("end", [b"\n", b""])
async def test_every_line_of_a_watch_can_be_read(piece: int, end: bytes) -> None:
    sent = b"\n".join(EVENTS) + end

    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=sent)

    async with (
        api_server(answer) as url,
        aiohttp.ClientSession(response_class=ShallowResponse) as session,
        session.get(url) as response,
    ):
        read = b"".join([chunk async for chunk in response.content.iter_chunked(piece)])
    assert [json.loads(line)["type"] for line in read.splitlines()] == ["ADDED", "MODIFIED", "DELETED"]


async def test_a_list_is_read_with_what_lies_deep_taken_for_null() -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.Response(body=b'{"items":[%s,2]}' % DEEP, content_type="application/json")

    async with (
        api_server(answer) as url,
        aiohttp.ClientSession(response_class=ShallowResponse) as session,
        session.get(url) as response,
    ):
        assert (await response.json())["items"][1] == 2
