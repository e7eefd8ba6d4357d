"""Puts the service together, runs it, and takes it down again."""

from __future__ import annotations

import asyncio
import signal
import socket
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Final

import structlog
import uvicorn

from datamover_api.actions.janitor import Janitor
from datamover_api.actions.movers import Movers
from datamover_api.actions.rollback import Rollback
from datamover_api.actions.runs import Patience, Runs
from datamover_api.actions.writer import Writer
from datamover_api.app import DOCS, OPENAPI, application
from datamover_api.auth.keys import KeyRing
from datamover_api.auth.tokens import Verifier
from datamover_api.http.bodies import BodyLimits
from datamover_api.http.certificates import keep_certificate
from datamover_api.http.connections import connections
from datamover_api.http.gate import Gate
from datamover_api.http.health import HEALTHZ, READYZ, health_routes
from datamover_api.legacy.flywheel import FailedCreations
from datamover_api.legacy.routes import PUBLIC, legacy_routes
from datamover_api.legacy.service import Service
from datamover_api.metrics import Metrics
from datamover_api.mirror.mirror import Mirror
from datamover_api.settings import Settings
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.tasks import Background

_PACKAGE: Final = "datamover-operator"
_BACKLOG: Final = 2048
_REQUESTS: Final = 4
_log = structlog.get_logger(__name__)


async def serve(settings: Settings, ring: KeyRing) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    background = Background()
    async with AsyncExitStack() as stack:
        try:
            client = await KubeClient.from_environment(settings.kubernetes_timeout_seconds)
            stack.push_async_callback(client.close)
            listener = stack.enter_context(bound(settings.http_host, settings.http_port))
            writer, failed = Writer(client), FailedCreations()
            rollback = Rollback(writer, failed.note)
            mirror = Mirror(client, background, rollback.look)
            verifier = Verifier(ring, settings.highest_bcrypt_cost)
            stack.callback(verifier.close)
            runs = Runs(writer, _patience(settings), background)
            service = Service(mirror, Movers(writer, settings.delete_timeout_seconds), runs, failed)
            config = _config(settings, _gate(settings, mirror, service, verifier))
        except (OSError, KubeError) as error:
            _log.error("can't start", error=str(error))
            return 1
        await stack.enter_async_context(background.running(rollback.take_back(), "rollback"))
        await stack.enter_async_context(mirror.reflecting())
        await stack.enter_async_context(runs.taking_back())
        janitor = Janitor(lambda: mirror.rooms, runs, writer, _longest_start(settings))
        await stack.enter_async_context(background.running(janitor.tidy(), "janitor"))
        await stack.enter_async_context(background.running(ring.keep_fresh(), "keys"))
        certificate, key = settings.tls_certificate_file, settings.tls_key_file
        if config.ssl is not None and certificate is not None and key is not None:
            keeping = keep_certificate(config.ssl, certificate, key)
            await stack.enter_async_context(background.running(keeping, "certificate"))
        _log.info("serves", host=settings.http_host, port=listener.getsockname()[1], https=config.is_ssl)
        await _serve(config, listener, background)
        return background.status


def _patience(settings: Settings) -> Patience:
    return Patience(
        start=settings.start_timeout_seconds,
        outcome=settings.outcome_timeout_seconds,
        stop=settings.stop_timeout_seconds,
    )


def _longest_start(settings: Settings) -> float:
    """When nobody waits for a start any more, in seconds, with the requests to Kubernetes that are part of it."""
    waits = settings.start_timeout_seconds + settings.outcome_timeout_seconds
    return waits + _REQUESTS * settings.kubernetes_timeout_seconds


def _gate(settings: Settings, mirror: Mirror, service: Service, verifier: Verifier) -> Gate:
    metrics = Metrics()
    metrics.show_mirror(mirror.sizes)
    limits = BodyLimits(settings.largest_body_bytes, settings.body_timeout_seconds)
    shown = {"version": version(_PACKAGE), "githash": settings.githash, "buildstamp": settings.buildstamp}
    app = application(
        shown["version"],
        legacy_routes(service, limits, metrics, shown),
        health_routes(lambda: mirror.missing),
    )
    return Gate(app, verifier, {HEALTHZ, READYZ, OPENAPI, DOCS, *PUBLIC}, metrics)


def _config(settings: Settings, gate: Gate) -> uvicorn.Config:
    """What uvicorn needs. Raises OSError where a certificate can't be read or does not fit its key."""
    config = uvicorn.Config(
        gate,
        http=connections(settings.head_timeout_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.shutdown_grace_seconds,
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
    )
    config.load()
    return config


async def _serve(config: uvicorn.Config, listener: socket.socket, background: Background) -> None:
    """Serve until a signal comes or a task fails, then let requests in flight end."""
    # uvicorn raises the signals that it was told by once more when it is done: they are for nobody then.
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _nobody)
    server = uvicorn.Server(config)

    def stop() -> None:
        server.should_exit = True

    background.on_end(stop)
    await server.serve(sockets=[listener])


def _nobody() -> None:
    return


def bound(host: str, port: int) -> socket.socket:
    """A listening socket; port 0: any free one. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    listener = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    # Its connections inherit this. Without it an answer's body waits for the client's delayed acknowledgement: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
