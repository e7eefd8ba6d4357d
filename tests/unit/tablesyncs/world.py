"""A sync's whole life without a network: the real reconcile loop over an API server and databases in memory."""

from __future__ import annotations

import asyncio
import copy
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any, Self, cast

from datamover_common.kube.client import KubeClient
from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject, SyncErrors, TableSync, parse
from datamover_crds.contract import FINALIZER, is_true
from datamover_operator.controller.context import AnyKind, Caches, Clock, Context, Key
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.plan.names import Identity
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.memory import Memories
from datamover_operator.tablesyncs.plan.known import annotated
from datamover_operator.tablesyncs.plan.observed import Observed
from datamover_operator.tablesyncs.reconciler import TableSyncReconciler
from datamover_operator.tablesyncs.showing import standing
from datamover_operator.tablesyncs.verifying import Verifier
from tests.unit.movers.sky import CrashError
from tests.unit.movers.world import Kube, Told
from tests.unit.tablesyncs.servers import TABLE, Database, Servers

NAMESPACE, NAME = "team-a", "t"
REF = TABLE_SYNC.named(NAMESPACE, NAME)
SETTINGS = Settings(lease=False)
MAX_PASSES = 150
STEADY = 9.0
"""Seconds: a sync that wants to be looked at no sooner has nothing to do."""


def database(host: str) -> JsonObject:
    """How a spec names a database."""
    return {"postgresql": {"host": host, "database": "shop", "user": "datamover", "sslMode": "disable"}}


SPEC: JsonObject = {
    "source": database("old"),
    "destination": database("new"),
    "tables": [{"name": "orders"}, {"name": "items"}],
    "syncInterval": "30s",
}


@dataclass
class Queue:
    """Remembers when the sync wants to be looked at next, in seconds."""

    next: float | None = None
    failures: int = 0

    def add(self, key: Key) -> None:
        self.add_after(key, 0.0)

    def add_after(self, _key: Key, seconds: float) -> None:
        self.next = seconds if self.next is None else min(self.next, seconds)

    def retry(self, key: Key) -> float:
        delay = min(60.0, 2.0**self.failures)
        self.failures += 1
        self.add_after(key, delay)
        return delay

    def succeeded(self, _key: Key) -> None:
        self.failures = 0

    def forget(self, _key: Key) -> None:
        self.next = None


def _databases() -> dict[str, Database]:
    found = {host: Database(host, number) for number, host in enumerate(("old", "new", "old2", "new2"))}
    for host in ("old", "old2"):
        found[host].tables = {("public", name): TABLE for name in ("orders", "items", "extra")}
    return found


@dataclass
class World:
    """One sync, four databases, one operator. A context manager."""

    spec: Mapping[str, Any] = field(default_factory=lambda: SPEC)
    servers: Servers = field(default_factory=lambda: Servers(_databases()))
    kube: Kube = field(default_factory=Kube)
    told: Told = field(default_factory=Told)
    now: datetime = datetime(2025, 1, 15, 12, tzinfo=UTC)
    tick: float = 1000.0
    starts: int = 0

    def __post_init__(self) -> None:
        self.create(self.spec)
        self.restart()

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self.servers.before = self._is_held
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._runner.close()

    # what users do

    def create(self, spec: Mapping[str, Any]) -> None:
        meta = {"name": NAME, "namespace": NAMESPACE}
        body = {"apiVersion": "datamover.io/v1alpha1", "kind": "TableSync", "metadata": meta, "spec": dict(spec)}
        parse(TableSync, body)
        self.kube.put(REF, body)
        self.servers.policy = str(spec.get("existingRows", "Refuse"))

    def change(self, **members: object) -> None:
        """Apply a spec with other members."""
        spec = cast("JsonObject", self.raw["spec"]) | cast("JsonObject", members)
        self.servers.policy = str(spec.get("existingRows", "Refuse"))
        self._edit({"spec": {key: value for key, value in spec.items() if value is not None}}, generation=True)

    def delete(self) -> None:
        mark = {"deletionTimestamp": "2025-01-15T13:00:00Z"}
        self._edit({"metadata": metadata_of(self.raw) | mark}, generation=True)
        if not metadata_of(self.raw).get("finalizers"):
            del self.kube.objects[REF]

    def wipe_status(self) -> None:
        self.write_status({})

    def write_status(self, status: JsonObject) -> None:
        self._edit({"status": status}, generation=False)

    def restart(self) -> None:
        """The operator's process ends, and another one starts."""
        self.starts += 1
        self.caches = Caches(KINDS)
        self.queue = Queue()
        self.metrics = Metrics()
        self.memories = Memories()
        context = Context(
            settings=SETTINGS,
            instance=f"operator-{self.starts}",
            cluster_id="cluster-1",
            clock=Clock(now=lambda: self.now, tick=lambda: self.tick),
            caches=self.caches,
            queue=cast("WorkQueue[Key]", self.queue),
            writer=Writer(cast("KubeClient", self.kube), self, self.metrics),
            events=cast("Events", self.told),
            metrics=self.metrics,
            rng=random.Random(self.starts),  # noqa: S311 - jitter
        )
        self.verifier = Verifier(self.servers)
        client = cast("KubeClient", self.kube)
        self.reconciler = TableSyncReconciler(context, client, self.servers, self.memories, self.verifier)

    # what goes on

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        self.tick += seconds
        self.servers.replicate()

    def settle(self) -> str:
        """Reconcile until nothing but the next look is left: Ready, Stalled, Reconciling (waits) or Gone."""
        for _ in range(MAX_PASSES):
            if not self.reconcile():
                return "Gone"
            delay = self.queue.next
            if delay is None or delay >= STEADY:
                return self.state
            self.pass_time(delay + 0.001)
        raise AssertionError(f"not settled: {self.raw.get('status')}, {self.servers.changes[-20:]}")

    def reconcile(self) -> bool:
        """One pass; False when the sync is gone."""
        raw = self.kube.objects.get(REF)
        if raw is None:
            return False
        self.caches[TABLE_SYNC].put(copy.deepcopy(raw))
        self.queue.next = None
        try:
            self._runner.run(self._pass())
        except* CrashError:
            self.restart()
            self.queue.next = 0.0
        return REF in self.kube.objects

    async def _pass(self) -> None:
        """Comparisons in the background end before the pass counts as over."""
        async with asyncio.TaskGroup() as group:
            background = group.create_task(self.verifier.run_forever())
            await asyncio.sleep(0)
            uid = self.uid
            await self.reconciler.reconcile(uid)
            while self.verifier.is_busy(uid):  # noqa: ASYNC110 - it does nothing but compute
                await asyncio.sleep(0)
            background.cancel()

    # what there is to see

    def show(self) -> None:
        """The watch tells the metrics of the sync as it is stored."""
        self.metrics.table_syncs.standing(NAMESPACE, NAME, standing(self.sync.status))

    def observed(self, errors: SyncErrors) -> Observed:
        """The stored sync, with these errors seen."""
        return Observed(self.sync, Identity(self.uid, "cluster-1", NAMESPACE, NAME), errors=errors)

    @property
    def raw(self) -> JsonObject:
        return self.kube.objects[REF]

    @property
    def sync(self) -> TableSync:
        return parse(TableSync, self.raw)

    @property
    def uid(self) -> str:
        return str(metadata_of(self.raw)["uid"])

    @property
    def state(self) -> str:
        conditions = self.sync.status.conditions
        return next((kind for kind in ("Ready", "Stalled", "Reconciling") if is_true(conditions, kind)), "Unknown")

    @property
    def reason(self) -> str:
        """The Ready condition's reason."""
        return next((each.reason for each in self.sync.status.conditions if each.type == "Ready"), "")

    def counts(self) -> dict[str, tuple[int, int, int]]:
        """How many publications, slots and subscriptions there are, by database."""
        found = self.servers.databases.items()
        return {host: (len(each.publications), len(each.slots), len(each.subscriptions)) for host, each in found}

    def _is_held(self, action: str) -> None:
        """Whatever is written to a database can be found again: the object stays, and names the databases."""
        if not action.startswith(("create", "publish")):
            return
        assert FINALIZER in cast("list[str]", metadata_of(self.raw).get("finalizers", [])), action
        found = annotated(self.sync)
        assert found is not None, action
        assert found.source is not None, action
        assert found.destination is not None, action

    def _edit(self, change: Mapping[str, Any], *, generation: bool) -> None:
        raw = copy.deepcopy(self.raw) | dict(change)
        meta = metadata_of(raw)
        more = 1 if generation else 0
        self.kube.put(REF, raw | {"metadata": meta | {"generation": cast("int", meta["generation"]) + more}})

    # what the writer tells

    def expect(self, kind: AnyKind, raw: JsonObject) -> None:
        pass

    def wrote(self, kind: AnyKind, raw: JsonObject) -> None:
        self.found(kind, raw)

    def found(self, kind: AnyKind, raw: JsonObject) -> None:
        self.caches[kind].put(copy.deepcopy(raw))

    def gone(self, kind: AnyKind, namespace: str, name: str) -> None:
        entry = self.caches[kind].named(namespace, name)
        if entry is not None:
            self.caches[kind].drop(entry.uid)
