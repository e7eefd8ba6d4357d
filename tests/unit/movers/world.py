"""A mover's whole life without a network: the real reconcile loop over an API server and an AWS in memory.

Every plan on the way is checked for what must always hold; `settle` goes on until nothing is left to be done.
"""

from __future__ import annotations

import asyncio
import copy
import random
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, cast
from unittest import mock

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import Collection, ObjectRef
from datamover_crds import DataMover, DataMoverAccount, JsonObject, parse
from datamover_crds.common import API_VERSION
from datamover_crds.contract import PREFIX, is_true
from datamover_operator.accounts.connections import Connection, Connections, declared_access
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.plan.planner import Caller
from datamover_operator.aws.access import AccountAccess
from datamover_operator.controller.context import AnyKind, Caches, Clock, Context, Key
from datamover_operator.controller.work_queue import BASE_DELAY, MAX_DELAY, WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.kube.events import Events
from datamover_operator.kube.merge_patch import merged
from datamover_operator.kube.secrets import SECRETS, HashKey
from datamover_operator.kube.writer import Writer
from datamover_operator.movers import reconciler as movers_module
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories, MoverMemory
from datamover_operator.movers.plan.desired import declared_fields
from datamover_operator.movers.plan.names import account_finalizer
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.planner import plan_mover
from datamover_operator.movers.plan.steps import Plan
from datamover_operator.movers.reconciler import MoverReconciler
from datamover_operator.movers.secrets import MoverSecrets
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from datamover_operator.runs.kind import RUN
from tests.unit.movers.invariants import check_plan
from tests.unit.movers.sky import ACCOUNT_ID, REGION, CrashError, Sky

CLUSTER = "cluster-1"
NAMESPACE = "team-a"
NAME = "m"
OWNER = f"{CLUSTER}/{NAMESPACE}/{NAME}"
MAX_PASSES = 60
SETTINGS = Settings(lease=False, drift_interval_seconds=600)
HELD = account_finalizer(SETTINGS.operator)
METRICS = Metrics()
GRANT_ALL: JsonObject = {"namespaces": ["*"], "locations": ["*"], "roleArns": ["*"], "agentArns": ["*"]}
REF = MOVER.named(NAMESPACE, NAME)


@dataclass
class Kube:
    """An API server that knows compare-and-swap, generations and finalizers. `before`, `after` may raise."""

    objects: dict[ObjectRef, JsonObject] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None
    serial: int = 0
    now: Callable[[], str] = lambda: "2025-01-15T12:00:00Z"

    async def get(self, ref: ObjectRef) -> JsonObject:
        if ref not in self.objects:
            raise KubeError(404, "NotFound", str(ref))
        return copy.deepcopy(self.objects[ref])

    async def create(self, collection: Collection, body: JsonObject) -> JsonObject:
        self.before("create")
        self.writes.append("create")
        ref = collection.named(str(metadata_of(body)["name"]))
        if ref in self.objects:
            raise KubeError(409, "AlreadyExists", str(ref))
        self.put(ref, body)
        self.after("create")
        return copy.deepcopy(self.objects[ref])

    async def patch(self, ref: ObjectRef, body: JsonObject, subresource: str = "") -> JsonObject:
        self.before("patch")
        self.writes.append(f"patch {ref} {subresource}")
        stored = await self.get(ref)
        if metadata_of(body)["resourceVersion"] != metadata_of(stored)["resourceVersion"]:
            raise KubeError(409, "Conflict", str(ref))
        meta = metadata_of(stored)
        self.put(ref, cast("JsonObject", merged(stored, body)))
        if meta.get("deletionTimestamp") and not metadata_of(self.objects[ref]).get("finalizers"):
            gone = self.objects.pop(ref)
            self.after("patch")
            return gone
        self.after("patch")
        return copy.deepcopy(self.objects[ref])

    async def delete(self, ref: ObjectRef, *, uid: str) -> JsonObject | None:
        self.writes.append("delete")
        stored = self.objects.get(ref)
        if stored is not None and metadata_of(stored)["uid"] != uid:
            raise KubeError(409, "Conflict", str(ref))
        return self.objects.pop(ref, None)

    def put(self, ref: ObjectRef, raw: Mapping[str, Any]) -> JsonObject:
        """Store an object under a new version."""
        self.serial += 1
        base = {"uid": f"uid-{self.serial}", "generation": 1, "creationTimestamp": self.now()}
        meta = base | dict(metadata_of(dict(raw))) | {"resourceVersion": str(self.serial)}
        self.objects[ref] = copy.deepcopy(dict(raw)) | {"metadata": meta}
        return self.objects[ref]


class FixedKey:
    """The operator's key for hashes, which outlives it."""

    async def read(self) -> bytes:
        return b"k" * 32


@dataclass
class Queue:
    """Remembers when the mover wants to be looked at next, in seconds."""

    next: float | None = None
    failures: int = 0

    def add(self, key: Key) -> None:
        self.add_after(key, 0.0)

    def add_after(self, key: Key, seconds: float) -> None:
        if key[0] is MOVER:
            self.next = seconds if self.next is None else min(self.next, seconds)

    def retry(self, key: Key) -> float:
        delay = 1.2 * min(MAX_DELAY, BASE_DELAY * 2.0**self.failures)
        self.failures += 1
        self.add_after(key, delay)
        return delay

    def succeeded(self, _key: Key) -> None:
        self.failures = 0

    def is_wanted(self, _key: Key) -> bool:
        return False

    def forget(self, _key: Key) -> None:
        self.next = None


@dataclass
class Told:
    """The Events, as (reason, message)."""

    events: list[tuple[str, str]] = field(default_factory=list)

    def tell(self, _raw: JsonObject, reason: str, note: str, *, warning: bool) -> None:
        self.events.append((reason, note))


class World:
    """One mover, one account, one operator. A context manager."""

    def __init__(self, spec: Mapping[str, Any], *, grants: list[JsonObject] | None = None) -> None:
        self.sky = Sky()
        self.kube = Kube()
        self.told = Told()
        self.tick = 1000.0
        self.starts = 0
        self.connected = True
        self.aws_answers = True
        self.accountless = False
        self.wiped = False
        self.account: JsonObject = {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": "DataMoverAccount",
            "metadata": {"name": "dev", "uid": "account", "resourceVersion": "1", "finalizers": [HELD]},
            "spec": {"accountId": ACCOUNT_ID, "region": REGION, "grants": cast("Any", grants or [GRANT_ALL])},
        }
        self.others: list[JsonObject] = []
        self.create(spec)
        self.restart()

    def __enter__(self) -> Self:
        self._runner = asyncio.Runner()
        self._patch = mock.patch.object(movers_module, "plan_mover", self._checked_plan)
        self._patch.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._patch.stop()
        self._runner.close()

    # what users and the outside do

    def create(self, spec: Mapping[str, Any], **metadata: object) -> None:
        meta = {"name": NAME, "namespace": NAMESPACE} | metadata
        body = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMover", "metadata": meta, "spec": dict(spec)}
        parse(DataMover, body)
        self.kube.put(REF, body)

    def change(self, spec: Mapping[str, Any]) -> None:
        """Apply another spec."""
        self._edit({"spec": dict(spec)}, generation=True)

    def delete(self) -> None:
        """Ask for the mover's deletion."""
        mark = {"deletionTimestamp": "2025-01-15T13:00:00Z"}
        self._edit({"metadata": metadata_of(self.raw) | mark}, generation=True)
        if not metadata_of(self.raw).get("finalizers"):
            del self.kube.objects[REF]

    def wipe_status(self) -> None:
        """Lose the status, unless it alone tells what has left the spec and is still to be taken away in AWS."""
        if set(self.mover.status.bookkeeping.declared) - set(declared_fields(self.mover.spec)):
            return
        self.wiped = True
        self._edit({"status": {}}, generation=False)

    def annotate(self, **annotations: str) -> None:
        """Let the object have these annotations, by the ends of their names."""
        named = {f"{PREFIX}{name}": value for name, value in annotations.items()}
        self._edit({"metadata": metadata_of(self.raw) | {"annotations": named}}, generation=False)

    def lose(self, *fields: str) -> None:
        """Lose a part of the status."""
        status = cast("dict[str, Any]", self.raw.get("status") or {})
        left = {key: value for key, value in status.items() if key not in fields}
        if notes := left.get("bookkeeping"):
            left["bookkeeping"] = {key: value for key, value in notes.items() if key not in fields}
        self._edit({"status": left}, generation=False)

    def replace(self) -> None:
        """Lose the object itself, and make it again with all that `kubectl get -o yaml` and an edit would keep."""
        old = self.kube.objects.pop(REF)
        self.create(cast("JsonObject", old["spec"]), annotations=metadata_of(old).get("annotations", {}))
        self.restart()

    def restart(self) -> None:
        """The operator's process ends, and another one starts."""
        self.starts += 1
        self.caches = Caches(KINDS)
        self.memories = Memories()
        self.queue = Queue()
        self.connections = Connections(self.caches[ACCOUNT])
        writer = Writer(cast("KubeClient", self.kube), self, METRICS)
        self.context = Context(
            settings=SETTINGS,
            instance=f"operator-{self.starts}",
            cluster_id=CLUSTER,
            clock=Clock(now=lambda: self.sky.now, tick=lambda: self.tick),
            caches=self.caches,
            queue=cast("WorkQueue[Key]", self.queue),
            writer=writer,
            events=cast("Events", self.told),
            metrics=METRICS,
            rng=random.Random(self.starts),  # noqa: S311 - nonces that can be told apart
        )
        secrets = MoverSecrets(cast("KubeClient", self.kube), cast("HashKey", FixedKey()))
        self.movers = MoverReconciler(self.context, self.connections, self.memories, secrets)

    def keep_secret(self, name: str, **values: str | bytes) -> None:
        """Make or change a Secret in the mover's namespace."""
        data = {key: b64encode(value.encode() if isinstance(value, str) else value) for key, value in values.items()}
        body = {"metadata": {"name": name}, "data": {key: value.decode() for key, value in data.items()}}
        self.kube.put(SECRETS.within(NAMESPACE).named(name), body)

    def know_agents(self, **arns: str) -> None:
        """The account names these agents."""
        agents = [{"name": name, "arn": arn} for name, arn in arns.items()]
        self._edit_account({"spec": cast("JsonObject", self.account["spec"]) | {"agents": cast("Any", agents)}})

    def grant(self, grants: list[JsonObject]) -> None:
        """The account's owner grants something else; the operator looks at its movers."""
        self._edit_account({"spec": cast("JsonObject", self.account["spec"]) | {"grants": cast("Any", grants)}})
        self.look_closely()

    def protect(self, *, held: bool) -> None:
        """The account has the operator's finalizer, or not."""
        self._edit_account({"metadata": metadata_of(self.account) | {"finalizers": [HELD] if held else []}})

    def share(self, role_arn: str) -> None:
        """Another mover's location uses a role."""
        self.kube.serial += 1
        number = len(self.others)
        meta = {"name": f"other-{number}", "namespace": "b", "uid": f"o-{number}", "resourceVersion": "1"}
        spec = cast("JsonObject", self.raw["spec"])
        status = {"sourceRoleArn": role_arn}
        self.others.append(self.raw | cast("JsonObject", {"metadata": meta, "spec": spec, "status": status}))
        self.sky.add("location", {"locationUri": "s3://theirs/", "s3Config": {"bucketAccessRoleArn": role_arn}}, {})

    def hold(self, name: str) -> ObjectRef:
        """A run holds the mover; returns where it is stored."""
        ref = RUN.named(NAMESPACE, name)
        meta: JsonObject = {"name": name, "namespace": NAMESPACE, "uid": "run-1"}
        spec: JsonObject = {"moverRef": {"name": NAME}}
        self.kube.put(ref, {"apiVersion": API_VERSION, "kind": "DataMoverRun", "metadata": meta, "spec": spec})
        status = cast("JsonObject", self.raw["status"]) | {"currentRun": {"name": name, "uid": "run-1"}}
        self._edit({"status": status}, generation=False)
        return ref

    def pass_time(self, seconds: float) -> None:
        self.tick += seconds
        self.sky.now += timedelta(seconds=seconds)

    def bound(self, boundary: str | None) -> None:
        """Let the account name a permissions boundary for the roles, or none."""
        account = cast("JsonObject", self.account["spec"])
        self._edit_account(
            {"spec": account | {"accessRoles": {"permissionsBoundaryArn": boundary} if boundary else {}}}
        )
        self.look_closely()

    def look_closely(self) -> None:
        """The drift interval is over."""
        self.memory.everything.request()

    # what the operator does

    def settle(self) -> str:
        """Reconcile until nothing but the next drift check is left: Ready, Stalled, Reconciling (waits) or Gone."""
        for _ in range(MAX_PASSES):
            if not self.reconcile():
                return "Gone"
            delay = self.queue.next
            if delay is not None and delay < SETTINGS.drift_interval_seconds / 4:
                self.pass_time(delay + 0.001)
                continue
            return self.state
        said = f"{self.raw.get('status')}, {self.sky.writes[-20:]}"
        raise AssertionError(f"not settled after {MAX_PASSES} passes: {said}")

    def reconcile(self) -> bool:
        """One pass; False when the mover is gone."""
        raw = self.kube.objects.get(REF)
        if raw is None:
            return False
        self._fill_caches(raw)
        self.queue.next = None
        try:
            self._runner.run(self.movers.reconcile(self.uid))
        except CrashError:
            self.restart()
            self.queue.next = 0.0
        return REF in self.kube.objects

    # what there is to see

    @property
    def raw(self) -> JsonObject:
        return self.kube.objects[REF]

    @property
    def mover(self) -> DataMover:
        return parse(DataMover, self.raw)

    @property
    def uid(self) -> str:
        return str(metadata_of(self.raw)["uid"])

    @property
    def memory(self) -> MoverMemory:
        return self.memories.of(self.uid)

    @property
    def state(self) -> str:
        conditions = self.mover.status.conditions
        return next((kind for kind in ("Ready", "Stalled", "Reconciling") if is_true(conditions, kind)), "Unknown")

    @property
    def runs(self) -> list[str]:
        return [ref.name for ref in self.kube.objects if ref.collection.type == RUN.type]

    @contextmanager
    def disturbed(self, on_aws: Callable[[str, str], None], on_kube: Callable[[str, str], None]) -> Iterator[None]:
        """Call back around each call to AWS and each write to Kubernetes, with (before | after, operation)."""
        places = ((self.sky, on_aws), (self.kube, on_kube))
        for place, call in places:
            place.before = lambda operation, call=call: call("before", operation)  # type: ignore[misc]
            place.after = lambda operation, call=call: call("after", operation)  # type: ignore[misc]
        try:
            yield
        finally:
            for place, _ in places:
                place.before = place.after = lambda _: None

    def _edit(self, change: Mapping[str, Any], *, generation: bool) -> None:
        raw = copy.deepcopy(self.raw) | dict(change)
        meta = metadata_of(raw)
        more = 1 if generation else 0
        self.kube.put(REF, raw | {"metadata": meta | {"generation": cast("int", meta["generation"]) + more}})

    def _edit_account(self, change: JsonObject) -> None:
        self.kube.serial += 1
        account = self.account | change
        self.account = account | {"metadata": metadata_of(account) | {"resourceVersion": str(self.kube.serial)}}

    def _fill_caches(self, raw: JsonObject) -> None:
        self.caches[MOVER].put(copy.deepcopy(raw))
        for other in self.others:
            self.caches[MOVER].put(other)
        if self.accountless:
            return
        self.caches[ACCOUNT].put(self.account)
        account = parse(DataMoverAccount, self.account)
        if self.connected:
            access = AccountAccess(account.metadata.uid, ACCOUNT_ID, REGION)
            way = Connection(
                declared_access(account), access, self.sky.ports(), Caller(ACCOUNT_ID, "arn:aws:iam"), self.tick
            )
            self.connections.open(account.metadata.uid, way)
        else:
            self.connections.shut(account.metadata.uid)
        self.connections.judge(account, is_answer=self.aws_answers)
        for ref, run in self.kube.objects.items():
            if ref.collection.type == RUN.type:
                self.caches[RUN].put(copy.deepcopy(run))

    # what the writer tells

    def expect(self, kind: AnyKind, raw: JsonObject) -> None:
        pass

    def wrote(self, kind: AnyKind, raw: JsonObject) -> None:
        self.found(kind, raw)

    def found(self, kind: AnyKind, raw: JsonObject) -> None:
        cache = self.caches[MOVER] if kind is MOVER else self.caches[RUN]
        cache.put(copy.deepcopy(raw))

    def gone(self, kind: AnyKind, namespace: str, name: str) -> None:
        cache = self.caches[MOVER] if kind is MOVER else self.caches[RUN]
        entry = cache.named(namespace, name)
        if entry is not None:
            cache.drop(entry.uid)

    def _checked_plan(self, o: Observed, now: Any) -> Plan:  # noqa: ANN401 - as plan_mover's
        plan = plan_mover(o, now)
        check_plan(o, plan, now)
        return plan
