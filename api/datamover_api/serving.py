"""Puts the service together, runs it, and takes it down again."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib.metadata import version
from typing import Final

import structlog

from datamover_api.actions.janitor import Janitor
from datamover_api.actions.movers import Movers
from datamover_api.actions.runs import Patience, Runs
from datamover_api.actions.writer import Writer
from datamover_api.context import Context
from datamover_api.http import docs
from datamover_api.http.bodies import BodyLimits
from datamover_api.http.certificates import keep_certificate, tls_context
from datamover_api.http.facade import Facade, Facades
from datamover_api.http.gate import Gate
from datamover_api.http.health import HEALTHZ, METRICS, READYZ, health_routes
from datamover_api.http.quiet import quieten
from datamover_api.http.router import Router
from datamover_api.http.server import bound, crowd_of, serve_until_told, uvicorn_config
from datamover_api.metrics import Metrics
from datamover_api.mirror.accounts import Served
from datamover_api.mirror.mirror import Mirror
from datamover_api.openapi import OPENAPI, openapi_routes
from datamover_api.rings import Rings
from datamover_api.settings import Settings
from datamover_api.sync.configuration import LiveConfiguration
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.tasks import Background

_PACKAGE: Final = "datamover-operator"
_AGENT: Final = "datamover-api"
_REQUESTS: Final = 4
_log = structlog.get_logger(__name__)


async def serve(settings: Settings, rings: Rings, configuration: LiveConfiguration) -> int:
    """Serve until SIGTERM or SIGINT; return the exit status."""
    background = Background()
    quieten()
    async with AsyncExitStack() as stack:
        certificate, key = settings.tls_certificate_file, settings.tls_key_file
        try:
            client = await KubeClient.from_environment(settings.kubernetes_timeout_seconds, agent=_AGENT)
            stack.push_async_callback(client.close)
            listener = stack.enter_context(bound(settings.http_host, settings.http_port))
            tls = tls_context(certificate, key) if certificate is not None and key is not None else None
        except (OSError, KubeError) as error:
            _log.error("can't start", error=str(error))
            return 1
        mirror, writer = Mirror(client, background, _served(settings)), Writer(client)
        runs = Runs(writer, _patience(settings), background)
        context = Context(
            settings=settings,
            client=client,
            mirror=mirror,
            writer=writer,
            movers=Movers(writer, settings.delete_timeout_seconds),
            runs=runs,
            limits=BodyLimits(settings.largest_body_bytes, settings.body_timeout_seconds),
            metrics=Metrics(),
            ending=asyncio.Event(),
            version={
                "version": version(_PACKAGE),
                "githash": settings.githash,
                "buildstamp": settings.buildstamp,
            },
        )
        context.metrics.show_mirror(mirror.sizes)
        facades = Facades(_facades(context, rings, configuration))
        crowd = crowd_of(settings)
        config = uvicorn_config(_gate(context, facades), settings, crowd, tls)
        work = {name: run for each in facades.served for name, run in each.work.items()}
        for name, run in {**work, "connections": crowd.keep_watch}.items():
            await stack.enter_async_context(background.running(run(), name))
        await stack.enter_async_context(mirror.reflecting())
        await stack.enter_async_context(runs.taking_back())
        janitor = Janitor(lambda: mirror.rooms, runs, writer, _longest_start(settings))
        await stack.enter_async_context(background.running(janitor.tidy(), "janitor"))
        if tls is not None and certificate is not None and key is not None:
            keeping = keep_certificate(tls, certificate, key)
            await stack.enter_async_context(background.running(keeping, "certificate"))
        _log.info("serves", host=settings.http_host, port=listener.getsockname()[1], https=tls is not None)
        await serve_until_told(config, listener, background, context.ending)
        return background.status


def _served(settings: Settings) -> Served:
    return Served(settings.legacy_enabled, settings.label_studio_enabled, settings.sync_enabled)


def _facades(context: Context, rings: Rings, configuration: LiveConfiguration) -> list[Facade]:
    """Those that are on. The others are not even loaded: with what they need they would take 30 MiB."""
    made = []
    if rings.legacy is not None:
        from datamover_api.legacy.facade import legacy_facade  # noqa: PLC0415

        made.append(legacy_facade(context, rings.legacy))
    if rings.label_studio is not None:
        from datamover_api.labelstudio.facade import label_studio_facade  # noqa: PLC0415

        made.append(label_studio_facade(context, rings.label_studio))
    if rings.sync is not None:
        from datamover_api.sync.facade import sync_facade  # noqa: PLC0415

        made.append(sync_facade(context, rings.sync, configuration))
    return made


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


def _gate(context: Context, facades: Facades) -> Gate:
    def degraded() -> list[str]:
        return [told for each in facades.served if (told := each.degraded())]

    health = health_routes(lambda: context.mirror.missing, degraded, context.metrics)
    described = [route for each in facades.served for route in each.routes.routes]
    schemes = {name: scheme for each in facades.served for name, scheme in each.schemes.items()}
    document = openapi_routes(context.version["version"], described, schemes)
    others = [route for each in (health, docs.docs_routes(), document) for route in each.routes]
    public = {HEALTHZ, READYZ, METRICS, OPENAPI, *docs.PUBLIC}
    return Gate(Router([*described, *others]), facades, public, context.metrics)
