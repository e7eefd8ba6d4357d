"""Whether the API server serves, as the operator feels it."""

from __future__ import annotations

import pytest

from datamover_common.tasks import Background
from datamover_operator.kube import pulse
from datamover_operator.process.health import Readiness
from tests.support.api_server import answering, api_server, client_of, client_that_gets, never, nowhere
from tests.support.waiting import eventually_async


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
        client_that_gets(answering(status)) as client,
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


async def test_the_pulse_tells_that_nobody_listens() -> None:
    assert await problem_of(await nowhere()) == "no connection Unreachable"


async def test_the_pulse_tells_that_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "_PATIENCE", 0.2)
    async with api_server(never) as host:
        assert await problem_of(host) == "no answer within 0.2 s"
