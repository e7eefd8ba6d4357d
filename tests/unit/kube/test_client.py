"""What the client makes of answers, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from kubernetes.aio.client import Configuration

from datamover_common.tasks import Background
from datamover_operator.kube import pulse
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.process.health import Readiness
from tests.support.waiting import eventually_async

Answer = Callable[[], Awaitable[web.Response]]


def answering(status: int = 200, text: str = "ok") -> Answer:
    async def answer() -> web.Response:
        return web.Response(status=status, text=text)

    return answer


async def never() -> web.Response:
    await asyncio.Event().wait()
    raise AssertionError


@asynccontextmanager
async def api_server(answer: Answer) -> AsyncIterator[str]:
    """The address of a server that answers everything with what `answer` makes."""

    async def handle(_request: web.BaseRequest) -> web.StreamResponse:
        return await answer()

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


@pytest.fixture
async def nowhere() -> str:
    """An address where nobody listens."""
    async with api_server(never) as host:
        return host


@pytest.mark.parametrize(
    ("status", "text", "reason", "message"),
    [
        (409, '{"reason": "Conflict", "message": "has changed"}', "Conflict", "has changed"),
        (502, "<html>bad gateway</html>", "", "<html>bad gateway</html>"),
        (500, '["no", "object"]', "", '["no", "object"]'),
        (403, "", "", ""),
    ],
)
async def test_an_error_bears_what_the_server_said(status: int, text: str, reason: str, message: str) -> None:
    async with api_server(answering(status, text)) as host, client_of(host) as client:
        with pytest.raises(KubeError) as caught:
            await client.get("/api")
    assert (caught.value.status, caught.value.reason) == (status, reason)
    assert str(caught.value) == f"{status} {reason}: {message}"


async def test_an_answer_that_is_no_object_is_an_empty_one() -> None:
    async with api_server(answering()) as host, client_of(host) as client:
        assert await client.get("/readyz") == {}


async def test_where_nobody_listens_it_is_out_of_reach(nowhere: str) -> None:
    async with client_of(nowhere) as client:
        with pytest.raises(KubeError, match=r"^0 Unreachable: GET /api:"):
            await client.get("/api")


async def test_neither_a_kubeconfig_nor_a_pod_is_an_error_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KUBECONFIG", raising=False)
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", "443")
    with pytest.raises(KubeError, match="no usable kubeconfig, and no pod: Service token file does not exist"):
        await KubeClient.from_environment()


@pytest.mark.parametrize(
    ("status", "reasons"),
    [
        (200, {}),
        (403, {}),  # an answer, too
        (500, {"the API server": "500"}),
        (503, {"the API server": "503"}),
    ],
)
async def test_the_pulse_tells_whether_the_api_server_serves(status: int, reasons: dict[str, str]) -> None:
    readiness = Readiness(["the API server"])

    async def told() -> bool:
        return readiness.reasons == reasons

    async with (
        api_server(answering(status)) as host,
        client_of(host) as client,
        Background().running(pulse.feel_forever(client, readiness), "pulse"),
    ):
        await eventually_async(told)


async def problem_of(host: str) -> str:
    """What the pulse of an API server tells."""
    readiness = Readiness([])

    async def told() -> str:
        return readiness.reasons.get("the API server", "")

    async with client_of(host) as client, Background().running(pulse.feel_forever(client, readiness), "pulse"):
        return await eventually_async(told)


async def test_the_pulse_tells_that_nobody_listens(nowhere: str) -> None:
    assert await problem_of(nowhere) == "no connection Unreachable"


async def test_the_pulse_tells_that_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_PATIENCE", 0.2)
    async with api_server(never) as host:
        assert await problem_of(host) == "no answer within 0.2 s"
