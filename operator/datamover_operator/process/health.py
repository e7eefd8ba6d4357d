"""/healthz, /readyz and /metrics over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Self

from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from datamover_common.exposition import Exposition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from datamover_operator.process.metrics import Metrics

_SHUTDOWN_S: Final = 1.0
_KEEPALIVE_S: Final = 30.0
_LARGEST_REQUEST: Final = 4096


class Readiness:
    """What the operator still waits for; it is ready when nothing is left."""

    def __init__(self, awaited: Iterable[str]) -> None:
        """Wait for everything in `awaited`, each named in a few words (`the watch of datamovers`)."""
        self._reasons = dict.fromkeys(awaited, "not ready yet")
        self._leader = ""

    def reached(self, what: str) -> None:
        """Note that `what` is available, or available again."""
        self._reasons.pop(what, None)

    def lost(self, what: str, reason: str) -> None:
        """Note that `what` is not available, and why; `reason` is shown to anyone who can reach the port."""
        self._reasons[what] = reason

    def stand_by(self, leader: str) -> None:
        """Say who works meanwhile: to stand by is all that is wanted then. Empty: nobody is known to."""
        self._leader = leader

    @property
    def leader(self) -> str:
        """Who works while this process stands by; empty where it does not."""
        return self._leader

    @property
    def reasons(self) -> dict[str, str]:
        """What is missing, and why; empty when ready."""
        return dict(self._reasons)


class HealthServer:
    """Serves the three paths while the context is open, from whichever event loop that is opened in."""

    def __init__(
        self, host: str, port: int, *, readiness: Readiness, metrics: Metrics, problem: Callable[[], str] = str
    ) -> None:
        """Serve on `host`; port 0 takes any free one. `problem` says why /healthz shall fail ("": it shall not)."""
        self._problem = problem
        self._address = (host, port)
        self._readiness = readiness
        self._exposition = Exposition(metrics.registry)
        self._runner = web.AppRunner(
            self._app(), access_log=None, shutdown_timeout=_SHUTDOWN_S, keepalive_timeout=_KEEPALIVE_S
        )

    @property
    def port(self) -> int:
        """The port that is served, once the context is open."""
        port: int = self._runner.addresses[0][1]
        return port

    async def __aenter__(self) -> Self:
        """Start to serve.

        Raises:
            OSError: the address can't be had.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, *self._address).start()
        except BaseException:
            await self._runner.cleanup()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop to serve; requests in flight have a second to end."""
        await self._runner.cleanup()

    def _app(self) -> web.Application:
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        app.router.add_get("/healthz", self._healthz)
        app.router.add_get("/readyz", self._readyz)
        app.router.add_get("/metrics", self._show_metrics)
        return app

    async def _healthz(self, _request: web.Request) -> web.Response:
        problem = self._problem()
        return web.Response(status=503 if problem else 200, text=f"{problem or 'ok'}\n")

    async def _readyz(self, _request: web.Request) -> web.Response:
        reasons, leader = self._readiness.reasons, self._readiness.leader
        if not reasons:
            return web.Response(text="ok\n")
        if leader:
            return web.Response(text=f"stands by: {leader} holds the Lease\n")
        lines = [f"{what}: {reason}\n" for what, reason in reasons.items()]
        return web.Response(status=503, text="".join(lines))

    async def _show_metrics(self, _request: web.Request) -> web.Response:
        body = await self._exposition.text()
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})
