"""The reconcile loop of one sync: gather, plan, apply, record."""

from __future__ import annotations

from dataclasses import replace

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_crds import SyncErrors, TableSync
from datamover_crds.contract import FINALIZER, UNFINISHED_FOR, is_unfinished
from datamover_operator.controller.context import Context
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.plan.names import Identity
from datamover_operator.postgres.failure import Failure
from datamover_operator.postgres.ports import Databases
from datamover_operator.tablesyncs.executor import Means, SyncPass
from datamover_operator.tablesyncs.former import Cleaner
from datamover_operator.tablesyncs.gather import opened
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.memory import Memories, SyncMemory
from datamover_operator.tablesyncs.plan.known import known_databases
from datamover_operator.tablesyncs.plan.observed import Finding, Observed
from datamover_operator.tablesyncs.plan.planner import plan_sync
from datamover_operator.tablesyncs.plan.progress import is_completed
from datamover_operator.tablesyncs.plan.steps import Plan
from datamover_operator.tablesyncs.verifying import Verifier
from datamover_operator.tablesyncs.ways import UnusableWayError, WayFinder, Ways

_MAX_ROUNDS = 40
_UNREACHED_RETRY = 30.0
"""Seconds between two tries to reach a database that has been out of reach for a while."""
_EAGER = 6
"""So many tries in a row are made with the queue's growing delays."""
_log = structlog.get_logger(__name__)


class TableSyncReconciler:
    """Reconciles syncs, one pass at a time for each."""

    def __init__(
        self, context: Context, client: KubeClient, databases: Databases, memories: Memories, verifier: Verifier
    ) -> None:
        """`client` reads Secrets, `databases` opens sessions, `verifier` compares in the background."""
        self._context = context
        self._client = client
        self._databases = databases
        self._memories = memories
        self._verifier = verifier
        self._cleaner = Cleaner(databases)

    async def reconcile(self, uid: str) -> None:
        """Bring one sync nearer to what it declares, and say when to look again."""
        context, key = self._context, (TABLE_SYNC, uid)
        entry = context.caches[TABLE_SYNC].get(uid)
        if entry is None:
            await self._verifier.stop(uid)
            self._memories.forget(uid)
            context.queue.forget(key)
            return
        if is_unfinished(entry.model.metadata, context.clock.now()):
            context.queue.add_after(key, UNFINISHED_FOR.total_seconds())
            return
        memory = self._memories.of(uid)
        try:
            plan = await self._pass(entry, memory)
        except KubeError as error:
            await self._lost_race(entry, error)
            return
        if plan.retry:
            self._retry(uid, memory)
            return
        memory.vain = 0
        context.queue.succeeded(key)
        if plan.again_at is not None:
            context.queue.add_after(key, max(0.0, (plan.again_at - context.clock.now()).total_seconds()))

    def _retry(self, uid: str, memory: SyncMemory) -> None:
        """Try again soon at first; a server that stays away must not occupy workers all the time."""
        memory.vain += 1
        if memory.vain <= _EAGER:
            self._context.queue.retry((TABLE_SYNC, uid))
        else:
            delay = _UNREACHED_RETRY * self._context.rng.uniform(0.8, 1.2)
            self._context.queue.add_after((TABLE_SYNC, uid), delay)

    async def _pass(self, entry: Entry[TableSync], memory: SyncMemory) -> Plan:
        sync = entry.model
        meta, status = sync.metadata, sync.status
        is_new = status.observed_generation != meta.generation
        memory.begin(meta.generation)
        if is_new or meta.deletion_timestamp is not None:
            await self._verifier.stop(meta.uid)
        o = Observed(
            sync,
            Identity(meta.uid, self._context.cluster_id, meta.namespace, meta.name),
            finalizer=FINALIZER in meta.finalizers,
            problem=entry.problem,
            retired=known_databases(sync).retired,
            errors=_errors_at_start(status.errors or SyncErrors(), is_new=is_new),
        )
        run = SyncPass(self._context, entry, o, memory)
        if self._verifier.is_busy(meta.uid):
            run.o = replace(o, verification=memory.verification)
            return await self._drive(run)
        memory.forget_unfinished()
        if not _needs_databases(o):
            return await self._drive(run)
        try:
            ways = await self._ways(sync, memory)
        except UnusableWayError as error:
            run.o = replace(run.o, findings=(Finding("InvalidSecret", str(error)),))
            return await self._drive(run)
        run.o = await self._cleaner.clean(run.o, ways, memory, self._context.clock.tick())
        failures: list[Failure] = []
        async with opened(self._databases, ways, failures) as ends:
            run.o = replace(run.o, failures=tuple(failures), connection=ways.connection)
            await run.look(Means(ends, ways, self._verifier))
            return await self._drive(run)

    async def _ways(self, sync: TableSync, memory: SyncMemory) -> Ways:
        """The ways into the databases; for clean-up those that led there before, if the Secrets are gone."""
        try:
            memory.take(await WayFinder(self._client, sync.metadata.namespace).ways(sync))
        except UnusableWayError:
            if sync.metadata.deletion_timestamp is None or memory.ways is None:
                raise
        assert memory.ways is not None  # noqa: S101 - taken, or kept from before
        return memory.ways

    async def _drive(self, run: SyncPass) -> Plan:
        """Plan and carry out until nothing can be done now."""
        plan = plan_sync(run.o, self._context.clock.now())
        for _ in range(_MAX_ROUNDS):
            if not plan.steps:
                break
            await run.take(plan)
            if run.released:
                return Plan()
            plan = plan_sync(run.o, self._context.clock.now())
        else:
            _log.warning("a pass was ended", rounds=_MAX_ROUNDS)
            plan = Plan(retry=True, conditions=plan.conditions)
        await run.finish(plan)
        return plan

    async def _lost_race(self, entry: Entry[TableSync], error: KubeError) -> None:
        """Somebody else wrote the object, or the API server can't be reached: drop the work and gather anew."""
        _log.info("a write was refused", error=str(error))
        try:
            await self._context.writer.read(TABLE_SYNC, *entry.key)
        except KubeError as again:
            _log.info("a sync could not be read", error=str(again))
        self._context.queue.retry((TABLE_SYNC, entry.uid))


def _errors_at_start(errors: SyncErrors, *, is_new: bool) -> SyncErrors:
    """A changed spec is tried at once, as often as the first one was."""
    if not is_new:
        return errors
    return errors.model_copy(update={"failures": 0, "last_time": None, "transaction": None})


def _needs_databases(o: Observed) -> bool:
    """Whether there is anything to do in the databases, or to see there."""
    if o.is_going:
        return o.finalizer and o.sync.spec.deletion_policy == "Delete"
    if is_completed(o) and not o.finalizer:
        return False
    return not o.problem
