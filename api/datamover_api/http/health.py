"""/healthz, /readyz and the metrics."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from datamover_api.http.answers import text
from datamover_api.metrics import Metrics

HEALTHZ, READYZ, METRICS = "/healthz", "/readyz", "/metrics"


def health_routes(missing: Callable[[], list[str]], degraded: Callable[[], list[str]], metrics: Metrics) -> APIRouter:
    """/healthz answers as long as the event loop turns, /readyz says what has not been read yet; and /metrics.

    What is `degraded` is told, and keeps nobody from being served.
    """
    router = APIRouter(include_in_schema=False)

    @router.get(HEALTHZ)
    async def healthz() -> Response:
        return text("ok")

    @router.get(READYZ)
    async def readyz() -> Response:
        awaited = missing()
        if awaited:
            return text("\n".join(awaited), HTTPStatus.SERVICE_UNAVAILABLE)
        return text("\n".join(["ok", *(f"degraded: {each}" for each in degraded())]))

    @router.get(METRICS)
    async def metrics_() -> Response:
        return await show_metrics(metrics)

    return router


async def show_metrics(metrics: Metrics) -> Response:
    """The metrics, in Prometheus' text format."""
    return Response(await metrics.exposition.text(), headers={"Content-Type": CONTENT_TYPE_LATEST})
