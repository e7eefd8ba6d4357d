"""The probes and the metrics, over real HTTP."""

from __future__ import annotations

import socket

import aiohttp
import pytest

from datamover_operator.process.health import HealthServer, Readiness
from datamover_operator.process.metrics import Metrics


async def get(port: int, path: str) -> tuple[int, str]:
    timeout = aiohttp.ClientTimeout(total=30)
    async with (
        aiohttp.ClientSession(timeout=timeout) as session,
        session.get(f"http://127.0.0.1:{port}{path}") as answer,
    ):
        return answer.status, await answer.text()


async def test_ready_only_when_nothing_is_awaited_and_the_reasons_are_told() -> None:
    readiness = Readiness(["the watch of datamovers", "the Lease"])
    async with HealthServer("127.0.0.1", 0, readiness=readiness, metrics=Metrics()) as server:
        assert await get(server.port, "/healthz") == (200, "ok\n")
        assert await get(server.port, "/readyz") == (
            503,
            "the watch of datamovers: not ready yet\nthe Lease: not ready yet\n",
        )
        readiness.reached("the watch of datamovers")
        readiness.reached("the Lease")
        assert await get(server.port, "/readyz") == (200, "ok\n")
        readiness.lost("the Lease", "held by another operator")
        assert await get(server.port, "/readyz") == (503, "the Lease: held by another operator\n")
        readiness.stand_by("operator-1")
        assert await get(server.port, "/readyz") == (200, "stands by: operator-1 holds the Lease\n")
        assert readiness.reasons != {}
        readiness.stand_by("")
        assert await get(server.port, "/readyz") == (503, "the Lease: held by another operator\n")


async def test_metrics_are_served_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    metrics.queue_depth(lambda: 4)
    async with HealthServer("127.0.0.1", 0, readiness=Readiness([]), metrics=metrics) as server:
        status, text = await get(server.port, "/metrics")
    assert status == 200
    assert "datamover_queue_depth 4.0" in text.splitlines()
    assert "process_resident_memory_bytes" in text


async def test_nothing_else_is_served() -> None:
    async with HealthServer("127.0.0.1", 0, readiness=Readiness([]), metrics=Metrics()) as server:
        assert (await get(server.port, "/"))[0] == 404


async def test_the_port_is_free_again_afterwards() -> None:
    async with HealthServer("127.0.0.1", 0, readiness=Readiness([]), metrics=Metrics()) as server:
        port = server.port
    async with HealthServer("127.0.0.1", port, readiness=Readiness([]), metrics=Metrics()) as again:
        assert again.port == port


async def test_a_port_that_is_taken_is_an_os_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = HealthServer("127.0.0.1", taken.getsockname()[1], readiness=Readiness([]), metrics=Metrics())
        with pytest.raises(OSError, match="in use"):
            async with server:
                pass
