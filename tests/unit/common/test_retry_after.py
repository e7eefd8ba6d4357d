"""How long a busy server is left alone."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import web

from datamover_common.kube.errors import KubeError
from datamover_common.kube.resources import ours
from datamover_common.retry_after import LONGEST, seconds_in
from datamover_crds import DataMover
from tests.support.api_server import client_that_gets

MOVER = ours(DataMover).within("team").named("m")
FOUND = {
    "apiVersion": "datamover.io/v1alpha1",
    "kind": "DataMover",
    "metadata": {"name": "m", "namespace": "team", "uid": "u", "resourceVersion": "1"},
}


@pytest.mark.parametrize(
    ("header", "seconds"),
    [(None, 0), ("", 0), ("3", 3), ("0", 0), ("86400", LONGEST), ("-1", 0), ("1.5", 0), ("soon", 0), ("9" * 5000, 0)],
)
def test_only_whole_seconds_count_and_not_for_ever(header: str | None, seconds: float) -> None:
    assert seconds_in(header) == seconds


async def test_a_busy_api_server_is_asked_again_when_it_wants_to_be() -> None:
    asked: list[float] = []

    async def answer(_: web.BaseRequest) -> web.Response:
        asked.append(asyncio.get_running_loop().time())
        busy = web.json_response({"reason": "TooManyRequests"}, status=429, headers={"Retry-After": "1"})
        return busy if len(asked) == 1 else web.json_response(FOUND)

    async with client_that_gets(answer) as client:
        assert await client.get(MOVER) == FOUND
    first, second = asked
    assert second - first >= 1


@pytest.mark.parametrize("headers", [{}, {"Retry-After": "60"}], ids=["no time told", "longer than a request may take"])
async def test_a_refusal_that_can_not_be_waited_out_is_told(headers: dict[str, str]) -> None:
    async def answer(_: web.BaseRequest) -> web.Response:
        return web.json_response({"reason": "TooManyRequests"}, status=429, headers=headers)

    async with client_that_gets(answer) as client:
        with pytest.raises(KubeError) as refused:
            await client.get(MOVER)
    assert refused.value.status == 429
    assert not refused.value.is_doubtful
