"""Puts the operator together, runs it, and takes it down again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog

from datamover_common.hosts import HostPolicy
from datamover_common.kube.client import KubeClient
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ResourceType
from datamover_common.tasks import Background
from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.controller.context import Caches, Clock, Context, Key
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.registry import Registry
from datamover_operator.controller.resync import Resync
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controller.workers import Workers
from datamover_operator.controllers import KINDS, Adapters, register_all
from datamover_operator.kube import pulse
from datamover_operator.kube.events import Events
from datamover_operator.kube.lease import Lease
from datamover_operator.kube.watch import Scope, watch
from datamover_operator.kube.writer import Writer
from datamover_operator.notifications.sending import WebhookSender
from datamover_operator.postgres.connecting import PostgresDatabases
from datamover_operator.process.health import HealthServer, Readiness
from datamover_operator.process.loop_delay import LoopDelay
from datamover_operator.process.loop_thread import LoopThread
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.process.signals import Signals, exit_hard_in
from datamover_operator.process.watchdog import Watchdog

_NAMESPACES = ResourceType("v1", "Namespace", "namespaces")
_LEASE = "the Lease"
_FOR_CALLS = 0.75
"""The share of the time for stopping that calls in flight have; the rest is for letting go."""
_log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; return the exit status.

    From the first sign of the end on, the process lives `shutdown_grace_seconds` at most, whatever hangs.
    """
    signals, background = Signals(), Background()
    operation = _Operation(settings, signals, background)
    async with background.running(signals.told(), "signals"), background.running(operation.run(), "operation"):
        status = await background.first_end()
        exit_hard_in(settings.shutdown_grace_seconds, status)
    return status


class _Operation:
    """One life of the operator, from its first request to its last."""

    def __init__(self, settings: Settings, signals: Signals, background: Background) -> None:
        self._settings = settings
        self._signals = signals
        self._background = background
        self._metrics = Metrics()
        self._readiness = Readiness(each.path for kind in KINDS for each in kind.collections(settings.namespaces))
        self._metrics.ready(lambda: not self._readiness.reasons)
        self._instance = f"{os.uname().nodename}-{uuid.uuid4().hex[:12]}"

    async def run(self) -> None:
        """Work until cancelled. Raises OSError, KubeError where it can't start.

        Probes and the Lease live in a thread of their own: they are answered and kept however busy the work is.
        """
        client = await KubeClient.from_environment()
        running, delay = self._background.running, LoopDelay(self._metrics, time.monotonic)
        try:
            async with (
                LoopThread("vital") as vital,
                self._probes(vital, delay),
                running(delay.measure_forever(), "event loop delay"),
                running(pulse.feel_forever(client, self._readiness), "pulse"),
            ):
                cluster_id = self._settings.cluster_id or await _cluster_id(client)
                async with self._lease(vital):
                    await self._work(client, cluster_id)
        finally:
            await client.close()

    @contextlib.asynccontextmanager
    async def _probes(self, vital: LoopThread, delay: LoopDelay) -> AsyncIterator[None]:
        """Answer probes while the context is open. Raises OSError."""
        host, port = self._settings.http_host, self._settings.http_port
        server = HealthServer(
            host, port, readiness=self._readiness, metrics=self._metrics, problem=lambda: delay.problem
        )
        await vital.run(server.__aenter__())
        try:
            _log.info("serves /healthz, /readyz and /metrics", host=host, port=server.port)
            yield
        finally:
            await vital.run(server.__aexit__(None, None, None))

    async def _work(self, client: KubeClient, cluster_id: str) -> None:
        caches, registry = Caches(KINDS), Registry()
        queue: WorkQueue[Key] = WorkQueue(self._settings.workers, registry.lane)
        self._metrics.queue_depth(queue.__len__)
        event_filter = EventFilter(caches, queue, registry)
        clock = Clock(now=lambda: datetime.now(UTC), tick=time.monotonic)
        context = Context(
            settings=self._settings,
            instance=self._instance,
            cluster_id=cluster_id,
            clock=clock,
            caches=caches,
            queue=queue,
            writer=Writer(client, event_filter, self._metrics),
            events=Events(client, self._instance, clock.now, self._metrics),
            metrics=self._metrics,
            rng=random.SystemRandom(),
        )
        accounts = BotoAccounts(self._settings.limits, self._metrics)
        databases = PostgresDatabases(HostPolicy(self._settings.database_hosts), self._metrics)
        webhooks = WebhookSender(HostPolicy(self._settings.webhook_hosts, "webhookHosts"))
        register_all(registry, context, client, Adapters(accounts, databases, webhooks))
        workers = Workers(context, registry)
        resync = Resync(client, event_filter, KINDS, self._settings.namespaces)
        # A mover must not be judged by accounts and runs that are only about to be seen.
        await pulse.when_it_serves(resync.run_all)
        try:
            async with contextlib.AsyncExitStack() as stack:
                jobs = {"events": context.events.write_forever, "workers": workers.work_forever}
                for controller in registry:
                    jobs |= controller.jobs
                jobs["resync"] = resync.run_forever
                for name, run in jobs.items():
                    await stack.enter_async_context(self._background.running(run(), name))
                await self._watch(event_filter, resync, workers)
        finally:
            queue.close()
            await accounts.close()

    async def _watch(self, event_filter: EventFilter, resync: Resync, workers: Workers) -> None:
        """Watch until cancelled; then take no more work, and let the calls in flight end."""
        started = asyncio.Event()
        watchdog, running = Watchdog(self._readiness), self._background.running
        watches = watch(Scope(KINDS, self._settings.namespaces), event_filter.seen, watchdog, resync.request, started)
        async with running(watchdog.guard_forever(), "watchdog"), running(watches, "watches"):
            await started.wait()
            self._signals.catch()  # kopf took them, and would end at once
            _log.info("watching", kinds=[kind.name for kind in KINDS])
            try:
                await asyncio.Event().wait()
            finally:
                self._readiness.lost("the operator", "stopping")
                if not await workers.drain(self._settings.shutdown_grace_seconds * _FOR_CALLS):
                    _log.warning("stopping with calls in flight; what they create is found after the next start")

    @contextlib.asynccontextmanager
    async def _lease(self, vital: LoopThread) -> AsyncIterator[None]:
        """Hold the Lease while the context is open, over a connection of its own."""
        settings = self._settings
        if not settings.lease:
            yield
            return
        self._readiness.lost(_LEASE, "another operator holds it")
        client = await vital.run(KubeClient.from_environment())
        place = (settings.operator_namespace, settings.lease_name)
        lease = Lease(client, place, self._instance, settings.lease_seconds, time.monotonic)
        try:
            await vital.run(lease.acquire(self._readiness.stand_by))
            self._readiness.reached(_LEASE)
            async with self._background.running(vital.run(lease.keep()), _LEASE):
                yield
        finally:
            await vital.run(lease.release(settings.shutdown_grace_seconds * (1 - _FOR_CALLS)))
            await vital.run(client.close())


async def _cluster_id(client: KubeClient) -> str:
    """The uid of namespace kube-system, which stands for the cluster."""
    namespace = _NAMESPACES.within().named("kube-system")
    return str(metadata_of(await pulse.when_it_serves(lambda: client.get(namespace)))["uid"])
