"""Movers and runs without a network: the operator's controllers over an API server and an AWS in memory.

Time passes only by `go`. An object that is looked at again and again without any time passing fails the test.
"""

from __future__ import annotations

import asyncio
import copy
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, cast

from pydantic import JsonValue

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ObjectRef
from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, JsonObject, parse
from datamover_crds.contract import ORIGIN_LABEL
from datamover_operator.accounts.connections import Connection, Connections, declared_access
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.aws.access import AccountAccess
from datamover_operator.controller.context import AnyKind, Caches, Clock, Context, Key
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.controller.registry import Controller, Registry
from datamover_operator.controller.work_queue import WorkQueue, one_lane
from datamover_operator.controllers import KINDS
from datamover_operator.kube.events import Events
from datamover_operator.kube.merge_patch import merged
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.controller import MoverServices, mover_controller
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.runs.controller import run_controller
from datamover_operator.runs.executions import ExecutionCache
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.ownership import claim_of
from datamover_operator.runs.poller import Poller
from datamover_operator.runs.reconciler import RunReconciler
from tests.unit.movers.sky import ACCOUNT_ID, REGION, CrashError
from tests.unit.movers.world import GRANT_ALL, HELD, Kube, Told
from tests.unit.runs.sky import Sky

NAMESPACE = "team-a"
SPEC: JsonObject = {
    "accountRef": {"name": "dev"},
    "source": {"s3": {"s3BucketArn": "arn:aws:s3:::from"}},
    "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::to"}},
}
SETTINGS = Settings(lease=False, drift_interval_seconds=600)
SWEEP = 30.0
MAX_PASSES = 40
"""How often an object may be looked at within one moment."""
_METRICS = Metrics()
_KINDS = {kind.type: kind for kind in KINDS}


class Api(Kube):
    """Keeps finalizers, counts generations, collects garbage, and tells what changes."""

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[AnyKind, str, JsonObject]] = []

    def put(self, ref: ObjectRef, raw: Mapping[str, Any]) -> JsonObject:
        is_new = ref not in self.objects
        stored = super().put(ref, raw)
        meta = metadata_of(stored)
        if meta.get("deletionTimestamp") and not meta.get("finalizers"):
            return self.drop(ref)
        self.changes.append((_kind(ref), "ADDED" if is_new else "MODIFIED", copy.deepcopy(stored)))
        return stored

    async def patch(self, ref: ObjectRef, body: JsonObject, subresource: str = "") -> JsonObject:
        self.before("patch")
        self.writes.append(f"patch {ref} {subresource}")
        stored = await self.get(ref)
        if metadata_of(body)["resourceVersion"] != metadata_of(stored)["resourceVersion"]:
            raise KubeError(409, "Conflict", str(ref))
        answer = copy.deepcopy(self.put(ref, cast("JsonObject", merged(stored, body))))
        self.after("patch")
        return answer

    async def delete(self, ref: ObjectRef, *, uid: str) -> JsonObject | None:
        self.writes.append("delete")
        stored = self.objects.get(ref)
        if stored is not None and metadata_of(stored)["uid"] != uid:
            raise KubeError(409, "Conflict", str(ref))
        self.mark(ref)
        return self.objects.get(ref)

    def mark(self, ref: ObjectRef) -> None:
        """Ask for an object's deletion."""
        if ref not in self.objects:
            return
        raw = copy.deepcopy(self.objects[ref])
        meta = metadata_of(raw)
        if not meta.get("deletionTimestamp"):
            generation = cast("int", meta["generation"]) + 1
            self.put(
                ref, raw | {"metadata": meta | {"deletionTimestamp": "2025-01-15T13:00:00Z", "generation": generation}}
            )

    def drop(self, ref: ObjectRef) -> JsonObject:
        """The object is gone, and what it owned is to go."""
        gone = self.objects.pop(ref)
        self.changes.append((_kind(ref), "DELETED", copy.deepcopy(gone)))
        uid = metadata_of(gone)["uid"]
        for other, raw in list(self.objects.items()):
            owners = cast("list[JsonObject]", metadata_of(raw).get("ownerReferences", []))
            if any(owner["uid"] == uid for owner in owners):
                self.mark(other)
        return gone


def _kind(ref: ObjectRef) -> AnyKind:
    return _KINDS[ref.collection.type]


class Agenda:
    """A WorkQueue whose time the stage tells."""

    def __init__(self, tick: Callable[[], float]) -> None:
        self.due: dict[Key, float] = {}
        self._tick = tick
        self._failures: Counter[Key] = Counter()

    def __len__(self) -> int:
        return len(self.due)

    def add(self, key: Key) -> None:
        self.add_after(key, 0.0)

    def add_after(self, key: Key, seconds: float) -> None:
        self.due[key] = min(self.due.get(key, float("inf")), self._tick() + max(0.0, seconds))

    def retry(self, key: Key) -> float:
        delay = min(60.0, 2.0 ** self._failures[key])
        self._failures[key] += 1
        self.add_after(key, delay)
        return delay

    def succeeded(self, key: Key) -> None:
        self._failures.pop(key, None)

    def is_wanted(self, key: Key) -> bool:
        return key in self.due

    def forget(self, key: Key) -> None:
        self.due.pop(key, None)
        self.succeeded(key)


@dataclass
class Process:
    """One operator."""

    agenda: Agenda
    event_filter: EventFilter
    registry: Registry
    poller: Poller
    context: Context
    connections: Connections
    memories: Memories
    next_poll: float
    next_sweep: float
    passes: Counter[tuple[float, Key]] = field(default_factory=Counter)

    async def poll(self) -> None:
        """Look at every active execution once."""
        for account in self.poller._begin():
            await self.poller._poll(account)


class Stage:
    """One account, and the operators that look after it. A context manager."""

    def __init__(self) -> None:
        self.sky = Sky()
        self.kube = Api()
        self.kube.now = lambda: timestamp(self.sky.now)
        self.told = Told()
        self.tick = 1000.0
        self.connected = True
        self.granted: list[str] = ["*"]
        self.account_version = 1
        self.number = 0
        self.starts: Counter[str] = Counter()
        """How many executions each run has made, by its uid."""
        self.sky.on_start = self._count_start
        self.processes: list[Process] = []

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self.operator()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._runner.close()

    # operators

    def operator(self) -> Process:
        """Start one more."""
        self.number += 1
        agenda, caches, executions = Agenda(lambda: self.tick), Caches(KINDS), ExecutionCache()
        connections = Connections(caches[ACCOUNT])
        queue, registry, memories = cast("WorkQueue[Key]", agenda), Registry(), Memories()
        event_filter = EventFilter(caches, queue, registry)
        context = Context(
            settings=SETTINGS,
            instance=f"operator-{self.number}",
            cluster_id="cluster-1",
            clock=Clock(now=lambda: self.sky.now, tick=lambda: self.tick),
            caches=caches,
            queue=queue,
            writer=Writer(cast("KubeClient", self.kube), event_filter, _METRICS),
            events=cast("Events", self.told),
            metrics=_METRICS,
            rng=random.Random(self.number),  # noqa: S311 - nonces that can be told apart
        )
        runs = RunReconciler(context, connections, executions, memories)
        services = MoverServices(cast("KubeClient", self.kube), connections, Orphans(_METRICS, lambda _: None))
        registry.register(mover_controller(context, services, memories))
        registry.register(replace(run_controller(context, connections, memories), reconcile=runs.reconcile))
        registry.register(Controller(ACCOUNT, _rest, lane=one_lane))
        poller = Poller(context, connections, executions)
        process = Process(
            agenda, event_filter, registry, poller, context, connections, memories, self.tick + 5, self.tick + SWEEP
        )
        caches[ACCOUNT].put(self._account())
        self.processes.append(process)
        for ref, raw in self.kube.objects.items():
            event_filter.seen(_kind(ref), None, copy.deepcopy(raw))
        return process

    def restart(self) -> None:
        """All operators end, and one starts."""
        self.processes.clear()
        self.operator()

    # what users do

    def create(self, kind: AnyKind, name: str, spec: Mapping[str, Any], **metadata: Any) -> JsonObject:  # noqa: ANN401
        body = {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": kind.name,
            "metadata": {"name": name, "namespace": NAMESPACE} | metadata,
            "spec": dict(spec),
        }
        parse(kind.model, body)
        return self.kube.put(kind.named(NAMESPACE, name), body)

    def add_mover(self, name: str = "m", **spec: Any) -> DataMover:  # noqa: ANN401 - a spec's members
        """Make a mover, and wait until it is Ready."""
        self.create(MOVER, name, SPEC | spec)
        self.go(20)
        return self.mover(name)

    def add_run(
        self,
        name: str = "r",
        mover: str = "m",
        annotations: Mapping[str, str] | None = None,
        origin: str | None = None,
        **spec: Any,  # noqa: ANN401 - a spec's members
    ) -> None:
        meta = {"annotations": dict(annotations)} if annotations else {}
        if origin is not None:
            meta["labels"] = {ORIGIN_LABEL: origin}
        self.create(RUN, name, {"moverRef": {"name": mover}} | spec, **meta)

    def change(self, kind: AnyKind, name: str, **spec: Any) -> None:  # noqa: ANN401 - a spec's members
        """Patch an object's spec."""
        raw = copy.deepcopy(self.kube.objects[kind.named(NAMESPACE, name)])
        meta = metadata_of(raw)
        meta["generation"] = cast("int", meta["generation"]) + 1
        self.kube.put(kind.named(NAMESPACE, name), cast("JsonObject", merged(raw, {"spec": spec})))

    def wipe(self, kind: AnyKind, name: str) -> None:
        """Lose an object's status."""
        ref = kind.named(NAMESPACE, name)
        self.kube.put(ref, copy.deepcopy(self.kube.objects[ref]) | {"status": {}})

    def grant(self, *locations: str) -> None:
        """Let the account grant these locations alone; no mover is looked at for that yet."""
        self.granted, self.account_version = list(locations), self.account_version + 1
        for process in self.processes:
            process.context.caches[ACCOUNT].put(self._account())

    def delete(self, kind: AnyKind, name: str) -> None:
        self.kube.mark(kind.named(NAMESPACE, name))

    # what the operators do

    def go(self, seconds: float = 0.0) -> None:
        """Let so much time pass, and the operators work meanwhile."""
        end = self.tick + seconds
        while True:
            self._work()
            following = min(
                min(process.next_poll, process.next_sweep, *process.agenda.due.values()) for process in self.processes
            )
            if following > end:
                self._pass_until(end)
                return
            self._pass_until(max(self.tick, following))
            for process in list(self.processes):
                self._beat(process)

    def _beat(self, process: Process) -> None:
        if process.next_poll <= self.tick:
            process.next_poll = self.tick + SETTINGS.run_poll_interval_seconds
            self._guarded(process.poll)
        if process.next_sweep <= self.tick:
            process.next_sweep = self.tick + SWEEP
            for entry in process.context.caches[MOVER]:
                process.memories.of(entry.uid).description.request()
                process.agenda.add((MOVER, entry.uid))

    def _work(self) -> None:
        while True:
            self._deliver()
            wanted = [(process, key) for process in self.processes for key in _ready(process, self.tick)]
            if not wanted:
                return
            process, key = wanted[0]
            del process.agenda.due[key]
            process.passes[self.tick, key] += 1
            assert process.passes[self.tick, key] <= MAX_PASSES, f"{key} is looked at again and again"
            self._open(process)
            self._guarded(lambda: process.registry[key[0]].reconcile(key[1]))  # noqa: B023 - called before the next turn

    def _guarded(self, work: Callable[[], Any]) -> None:
        try:
            self._runner.run(work())
        except CrashError:
            self.restart()

    def _deliver(self) -> None:
        changes, self.kube.changes = self.kube.changes, []
        for kind, event, raw in changes:
            for process in self.processes:
                process.event_filter.seen(kind, event, copy.deepcopy(raw))

    def _count_start(self, nonce: str) -> None:
        runs = [raw for ref, raw in self.kube.objects.items() if _kind(ref) is RUN]
        claims = {str(metadata_of(raw)["uid"]): claim_of(parse(DataMoverRun, raw)) for raw in runs}
        owners = [uid for uid, claim in claims.items() if claim is not None and claim.nonce == nonce]
        assert len(owners) == 1, "nothing is started but what is claimed"
        self.starts[owners[0]] += 1

    def _open(self, process: Process) -> None:
        account = parse(DataMoverAccount, self._account())
        if self.connected:
            access = AccountAccess("dev", ACCOUNT_ID, REGION)
            way = Connection(declared_access(account), access, self.sky.ports(), cast("Any", None), self.tick)
            process.connections.open("account", way)
        else:
            process.connections.shut("account")
        process.connections.judge(account)

    def _pass_until(self, tick: float) -> None:
        self.sky.now += timedelta(seconds=tick - self.tick)
        self.tick = tick

    def _account(self) -> JsonObject:
        granted: list[JsonValue] = [*self.granted]
        return {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": "DataMoverAccount",
            "metadata": {
                "name": "dev",
                "uid": "account",
                "resourceVersion": str(self.account_version),
                "finalizers": [HELD],
            },
            "spec": {"accountId": ACCOUNT_ID, "region": REGION, "grants": [GRANT_ALL | {"locations": granted}]},
        }

    # what there is to see

    def mover(self, name: str = "m") -> DataMover:
        return parse(DataMover, self.kube.objects[MOVER.named(NAMESPACE, name)])

    def run(self, name: str = "r") -> DataMoverRun:
        return parse(DataMoverRun, self.kube.objects[RUN.named(NAMESPACE, name)])

    @property
    def movers(self) -> list[str]:
        return [metadata_of(raw)["name"] for ref, raw in self.kube.objects.items() if _kind(ref) is MOVER]  # type: ignore[misc]

    @property
    def runs(self) -> list[str]:
        return [metadata_of(raw)["name"] for ref, raw in self.kube.objects.items() if _kind(ref) is RUN]  # type: ignore[misc]

    def calls(self, operation: str) -> int:
        """How often AWS has been asked for a change."""
        return self.sky.writes.count(operation)


def _ready(process: Process, tick: float) -> list[Key]:
    return [key for key, due in process.agenda.due.items() if due <= tick]


async def _rest(_uid: str) -> None:
    """Accounts have nothing to do here."""
