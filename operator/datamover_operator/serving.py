"""Puts the operator together, runs it, and takes it down again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import signal
import time
import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import structlog

from datamover_operator.aws.sessions import BotoAccounts
from datamover_operator.handlers.watching import watch
from datamover_operator.health import HealthServer, Readiness
from datamover_operator.kube.cache import metadata_of
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.events import Events
from datamover_operator.kube.lease import Lease, LeaseLostError
from datamover_operator.kube.listing import list_objects
from datamover_operator.kube.resources import Kind
from datamover_operator.kube.writer import Writer
from datamover_operator.metrics import Metrics
from datamover_operator.settings import Settings
from datamover_operator.working.accounts import AccountBook, AccountsDesk
from datamover_operator.working.intake import Intake
from datamover_operator.working.memory import Memories
from datamover_operator.working.movers import Movers
from datamover_operator.working.office import Caches, Clock, Desk, Key, Office
from datamover_operator.working.poller import Board, Poller
from datamover_operator.working.queue import WorkQueue
from datamover_operator.working.runs import Runs
from datamover_operator.working.sweep import Sweep
from datamover_operator.working.workers import Workers

_WATCHES = "the watches"
_LEASE = "the Lease"
_KOPF_EXIT_S = 2.0
_log = structlog.get_logger(__name__)


async def serve(settings: Settings) -> int:
    """Work until SIGTERM or SIGINT; return the exit status."""
    metrics = Metrics()
    readiness = Readiness([_WATCHES])
    instance = f"{os.uname().nodename}-{uuid.uuid4().hex[:12]}"
    client = await KubeClient.from_environment()
    try:
        async with HealthServer(settings.http_host, settings.http_port, readiness=readiness, metrics=metrics) as health:
            _log.info("serves /healthz, /readyz and /metrics", host=settings.http_host, port=health.port)
            cluster_id = settings.cluster_id or await _cluster_id(client)
            async with _lease(settings, client, instance, readiness) as lost:
                return await _operate(settings, client, metrics, readiness, instance, cluster_id, lost)
    except (OSError, KubeError) as error:
        _log.error("can't start", error=str(error))
        return 1
    finally:
        await client.close()


async def _operate(  # noqa: PLR0913, PLR0917 - the one place where everything meets
    settings: Settings,
    client: KubeClient,
    metrics: Metrics,
    readiness: Readiness,
    instance: str,
    cluster_id: str,
    lost: asyncio.Event,
) -> int:
    accounts = BotoAccounts(settings.limits, metrics)
    queue: WorkQueue[Key] = WorkQueue()
    caches = Caches.empty()
    intake = Intake(caches, queue, metrics)
    clock = Clock(now=lambda: datetime.now(UTC), tick=time.monotonic)

    office = Office(
        settings=settings,
        instance=instance,
        cluster_id=cluster_id,
        clock=clock,
        caches=caches,
        queue=queue,
        writer=Writer(client, intake),
        events=Events(client, instance, clock.now),
        metrics=metrics,
        memories=Memories(),
        rng=random.SystemRandom(),
    )
    book = AccountBook()
    movers = Movers(office, book)
    account_desk = AccountsDesk(office, client, accounts, book)
    board = Board()
    runs = Runs(office, book, board)
    desks = {Desk.MOVER: movers.reconcile, Desk.RUN: runs.reconcile, Desk.ACCOUNT: account_desk.reconcile}
    workers = Workers(office, desks)
    poller, sweep = Poller(office, book, board), Sweep(office, book)
    await _take_stock(settings, client, intake)
    async with office.events.writing(), workers.working(), poller.polling(), sweep.sweeping():
        status = await _until_told(settings, intake, readiness, workers, lost)
    queue.close()
    await accounts.close()
    return status


async def _take_stock(settings: Settings, client: KubeClient, intake: Intake) -> None:
    """Take in what exists of every kind before the work begins.

    A mover must not be judged by accounts and runs that are only about to be seen.
    """
    for kind in Kind:
        async for raw in list_objects(client, kind, settings.namespaces):
            intake.seen(kind, None, raw)


async def _until_told(
    settings: Settings,
    intake: Intake,
    readiness: Readiness,
    workers: Workers,
    lost: asyncio.Event,
) -> int:
    """Watch until a signal comes, the Lease is lost or the watches end; then let the calls in flight end."""
    told, ready, stop = asyncio.Event(), asyncio.Event(), asyncio.Event()
    watching = asyncio.create_task(watch(settings.namespaces, intake.seen, ready, stop), name="watches")
    signals = asyncio.create_task(_mind_signals(ready, told, readiness), name="signals")
    ends = [watching, asyncio.create_task(told.wait()), asyncio.create_task(lost.wait())]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    readiness.lost(_WATCHES, "stopping")
    if not await workers.drain(settings.shutdown_grace_seconds):
        _log.warning("calls were still in flight", seconds=settings.shutdown_grace_seconds)
    stop.set()
    with contextlib.suppress(TimeoutError, asyncio.CancelledError):
        async with asyncio.timeout(_KOPF_EXIT_S):
            await asyncio.wait([watching])
    for task in (*ends[1:], signals):
        task.cancel()
    await asyncio.gather(*ends[1:], signals, return_exceptions=True)
    return 0 if told.is_set() else 1


async def _mind_signals(ready: asyncio.Event, told: asyncio.Event, readiness: Readiness) -> None:
    """kopf takes the signals when it starts; we take them back, to let work in flight end first."""
    await ready.wait()
    readiness.reached(_WATCHES)
    _log.info("watches DataMovers, DataMoverRuns and DataMoverAccounts")
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)


@contextlib.asynccontextmanager
async def _lease(
    settings: Settings,
    client: KubeClient,
    instance: str,
    readiness: Readiness,
) -> AsyncIterator[asyncio.Event]:
    """Hold the Lease while the context is open; the event is set when it is lost."""
    lost = asyncio.Event()
    if not settings.lease:
        yield lost
        return
    readiness.lost(_LEASE, "another operator holds it")
    lease = Lease(
        client,
        settings.operator_namespace,
        settings.lease_name,
        instance,
        settings.lease_seconds,
        lambda: datetime.now(UTC),
    )
    await lease.acquire()
    readiness.reached(_LEASE)
    keeper = asyncio.create_task(_keep(lease, lost), name="lease")
    try:
        yield lost
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)
        if not lost.is_set():
            await lease.release()


async def _keep(lease: Lease, lost: asyncio.Event) -> None:
    try:
        await lease.keep()
    except LeaseLostError as error:
        _log.error("stops", error=str(error))
        lost.set()


async def _cluster_id(client: KubeClient) -> str:
    """The uid of namespace kube-system, which stands for the cluster."""
    return str(metadata_of(await client.get("/api/v1/namespaces/kube-system"))["uid"])
