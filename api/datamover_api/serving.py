"""Puts the service together, runs it, and takes it down again."""

from __future__ import annotations

from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Final

import structlog

from datamover_api.actions.janitor import Janitor
from datamover_api.actions.movers import Movers
from datamover_api.actions.rollback import Rollback
from datamover_api.actions.runs import Patience, Runs
from datamover_api.actions.writer import Writer
from datamover_api.app import OPENAPI, application
from datamover_api.auth.keys import KeyRing
from datamover_api.auth.tokens import Verifier
from datamover_api.http import docs
from datamover_api.http.bodies import BodyLimits
from datamover_api.http.certificates import keep_certificate, tls_context
from datamover_api.http.gate import Gate
from datamover_api.http.health import HEALTHZ, METRICS, READYZ, health_routes
from datamover_api.http.quiet import quieten
from datamover_api.http.server import bound, crowd_of, serve_until_told, uvicorn_config
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
_REQUESTS: Final = 4
_log = structlog.get_logger(__name__)


async def serve(settings: Settings, ring: KeyRing) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    background = Background()
    quieten()
    async with AsyncExitStack() as stack:
        certificate, key = settings.tls_certificate_file, settings.tls_key_file
        try:
            client = await KubeClient.from_environment(settings.kubernetes_timeout_seconds)
            stack.push_async_callback(client.close)
            listener = stack.enter_context(bound(settings.http_host, settings.http_port))
            tls = tls_context(certificate, key) if certificate is not None and key is not None else None
        except (OSError, KubeError) as error:
            _log.error("can't start", error=str(error))
            return 1
        writer, failed = Writer(client), FailedCreations()
        rollback = Rollback(writer, failed.note)
        mirror = Mirror(client, background, rollback.look)
        verifier = Verifier(ring, settings.highest_bcrypt_cost)
        runs = Runs(writer, _patience(settings), background)
        service = Service(mirror, Movers(writer, settings.delete_timeout_seconds), runs, failed)
        janitor = Janitor(lambda: mirror.rooms, runs, writer, _longest_start(settings))
        crowd = crowd_of(settings)
        config = uvicorn_config(_gate(settings, mirror, service, verifier), settings, crowd, tls)
        for work, name in (
            (verifier.hash_tokens(), "tokens"),
            (ring.keep_fresh(), "keys"),
            (crowd.keep_watch(), "connections"),
            (rollback.take_back(), "rollback"),
        ):
            await stack.enter_async_context(background.running(work, name))
        await stack.enter_async_context(mirror.reflecting())
        await stack.enter_async_context(runs.taking_back())
        await stack.enter_async_context(background.running(janitor.tidy(), "janitor"))
        if tls is not None and certificate is not None and key is not None:
            keeping = keep_certificate(tls, certificate, key)
            await stack.enter_async_context(background.running(keeping, "certificate"))
        _log.info("serves", host=settings.http_host, port=listener.getsockname()[1], https=tls is not None)
        await serve_until_told(config, listener, background)
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
        health_routes(lambda: mirror.missing, metrics),
        docs.docs_routes(),
    )
    return Gate(app, verifier, {HEALTHZ, READYZ, METRICS, OPENAPI, *docs.PUBLIC, *PUBLIC}, metrics)
