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

from datamover_common.tasks import Background
from datamover_operator.accounts.connections import AccountBook
from datamover_operator.accounts.reconciler import AccountsDesk
from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.controller.context import Caches, Clock, Desk, Key, Office
from datamover_operator.controller.event_filter import Intake
from datamover_operator.controller.resync import Stock
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controller.workers import Workers
from datamover_operator.kube import pulse
from datamover_operator.kube.cache import metadata_of
from datamover_operator.kube.client import KubeClient
from datamover_operator.kube.events import Events
from datamover_operator.kube.lease import Lease
from datamover_operator.kube.resources import Kind
from datamover_operator.kube.watch import watch
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.reconciler import Movers
from datamover_operator.movers.sweep import Sweep
from datamover_operator.process.health import HealthServer, Readiness
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.process.signals import Signals, exit_hard_in
from datamover_operator.process.watchdog import Watchdog
from datamover_operator.runs.poller import Board, Poller
from datamover_operator.runs.reconciler import Runs

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
        self._readiness = Readiness(path for kind in Kind for path in kind.value.collections(settings.namespaces))
        self._metrics.ready(lambda: not self._readiness.reasons)
        self._instance = f"{os.uname().nodename}-{uuid.uuid4().hex[:12]}"

    async def run(self) -> None:
        """Work until cancelled. Raises OSError, KubeError where it can't start."""
        settings, readiness = self._settings, self._readiness
        client = await KubeClient.from_environment()
        try:
            async with (
                HealthServer(
                    settings.http_host, settings.http_port, readiness=readiness, metrics=self._metrics
                ) as health,
                self._background.running(pulse.feel_forever(client, readiness), "pulse"),
            ):
                _log.info("serves /healthz, /readyz and /metrics", host=settings.http_host, port=health.port)
                cluster_id = settings.cluster_id or await _cluster_id(client)
                async with self._lease(client):
                    await self._work(client, cluster_id)
        finally:
            await client.close()

    async def _work(self, client: KubeClient, cluster_id: str) -> None:
        queue: WorkQueue[Key] = WorkQueue()
        self._metrics.queue_depth(queue.__len__)
        caches = Caches.empty()
        intake = Intake(caches, queue, self._metrics)
        clock = Clock(now=lambda: datetime.now(UTC), tick=time.monotonic)
        office = Office(
            settings=self._settings,
            instance=self._instance,
            cluster_id=cluster_id,
            clock=clock,
            caches=caches,
            queue=queue,
            writer=Writer(client, intake, self._metrics),
            events=Events(client, self._instance, clock.now, self._metrics),
            metrics=self._metrics,
            memories=Memories(),
            rng=random.SystemRandom(),
        )
        accounts, book, board = (
            BotoAccounts(self._settings.limits, self._metrics),
            AccountBook(caches.accounts),
            Board(),
        )
        desks = {
            Desk.MOVER: Movers(office, book).reconcile,
            Desk.RUN: Runs(office, book, board).reconcile,
            Desk.ACCOUNT: AccountsDesk(office, client, accounts, book).reconcile,
        }
        workers, running = Workers(office, desks), self._background.running
        stock = Stock(client, intake, self._settings.namespaces)
        await stock.take_all()  # a mover must not be judged by accounts and runs that are only about to be seen
        try:
            async with (
                running(office.events.write_forever(), "events"),
                running(workers.work_forever(), "workers"),
                running(Poller(office, book, board).poll_forever(), "poller"),
                running(Sweep(office, book).sweep_forever(), "sweep"),
                running(stock.take_forever(), "stock-taking"),
            ):
                await self._watch(intake, stock, workers)
        finally:
            queue.close()
            await accounts.close()

    async def _watch(self, intake: Intake, stock: Stock, workers: Workers) -> None:
        """Watch until cancelled; then take no more work, and let the calls in flight end."""
        started = asyncio.Event()
        watchdog, running = Watchdog(self._readiness), self._background.running
        watches = watch(self._settings.namespaces, intake.seen, watchdog, stock.want, started)
        async with running(watchdog.guard_forever(), "watchdog"), running(watches, "watches"):
            await started.wait()
            self._signals.catch()  # kopf took them, and would end at once
            _log.info("watches DataMovers, DataMoverRuns and DataMoverAccounts")
            try:
                await asyncio.Event().wait()
            finally:
                self._readiness.lost("the operator", "stopping")
                if not await workers.drain(self._settings.shutdown_grace_seconds * _FOR_CALLS):
                    _log.warning("calls are still in flight: what they make is found after the next start")

    @contextlib.asynccontextmanager
    async def _lease(self, client: KubeClient) -> AsyncIterator[None]:
        """Hold the Lease while the context is open."""
        settings = self._settings
        if not settings.lease:
            yield
            return
        self._readiness.lost(_LEASE, "another operator holds it")
        place = (settings.operator_namespace, settings.lease_name)
        lease = Lease(client, place, self._instance, settings.lease_seconds, time.monotonic)
        await lease.acquire()
        self._readiness.reached(_LEASE)
        try:
            async with self._background.running(lease.keep(), "the Lease"):
                yield
        finally:
            await lease.release()


async def _cluster_id(client: KubeClient) -> str:
    """The uid of namespace kube-system, which stands for the cluster."""
    return str(metadata_of(await client.get("/api/v1/namespaces/kube-system"))["uid"])
