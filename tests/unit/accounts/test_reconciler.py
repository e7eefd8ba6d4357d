"""The ways into accounts: when they open, when they shut, and what is said of it."""

from __future__ import annotations

import asyncio
import base64
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import pytest

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.kube.resources import ObjectRef, ResourceType
from datamover_crds import DataMoverAccount, JsonObject, parse
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.controller import account_controller
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Found, Orphans
from datamover_operator.accounts.reconciler import AccountServices
from datamover_operator.aws.access import AccountAccess, Accounts
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Caches, Clock, Context, Key
from datamover_operator.controller.event_filter import EventFilter
from datamover_operator.controller.registry import Registry
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.controller import MoverServices, mover_controller
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import Memories, Rest
from datamover_operator.movers.wake import wake_movers
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings
from tests.unit.movers.world import Kube, Told

ONE, TWO = "111111111111", "222222222222"
SECRET = ResourceType("v1", "Secret", "secrets").within("datamover-system").named("keys")
REF = ACCOUNT.named("", "prod")


@dataclass
class Sky:
    """AWS: who we are is the account that the access asks for, or what `says` says."""

    asked: list[AccountAccess] = field(default_factory=list)
    failure: FailureKind | None = None
    account_id: str = ""
    forgotten: list[str] = field(default_factory=list)

    def connect(self, access: AccountAccess) -> Aws:
        async def caller_identity() -> tuple[str, str]:
            self.asked.append(access)
            await asyncio.sleep(0)
            if self.failure is not None:
                raise AwsError(Failure(self.failure, "GetCallerIdentity", "Code", "no"))
            account = self.account_id or access.account_id
            return account, f"arn:aws:iam::{account}:user/operator"

        return cast("Aws", SimpleNamespace(sts=SimpleNamespace(caller_identity=caller_identity), access=access))

    def forget(self, key: str) -> None:
        self.forgotten.append(key)


class Room:
    """One operator beside an API server and an AWS in memory."""

    def __init__(self, kube: Kube | None = None, **settings: Any) -> None:  # noqa: ANN401 - Settings'
        self.kube = kube or Kube()
        self.sky, self.told, self.tick = Sky(), Told(), 0.0
        self.caches, self.queue = Caches(KINDS), WorkQueue[Key](rng=random.Random(1))  # noqa: S311 - spreads delays
        client, registry = cast("KubeClient", self.kube), Registry()
        self.memories, self.orphans = Memories(), Orphans(Metrics(), lambda _: None)
        self.event_filter = EventFilter(self.caches, self.queue, registry)
        self.context = Context(
            settings=Settings(lease=False, **settings),
            instance="operator-1",
            cluster_id="cluster",
            clock=Clock(now=lambda: datetime(2025, 1, 15, 12, tzinfo=UTC), tick=lambda: self.tick),
            caches=self.caches,
            queue=self.queue,
            writer=Writer(client, self.event_filter, Metrics()),
            events=cast("Events", self.told),
            metrics=Metrics(),
            rng=random.Random(1),  # noqa: S311 - names passes
        )
        self.connections = Connections(self.caches[ACCOUNT])
        waker = partial(wake_movers, self.context, self.memories)
        movers = MoverServices(client, self.connections, self.orphans)
        registry.register(mover_controller(self.context, movers, self.memories))
        services = AccountServices(client, cast("Accounts", self.sky), self.connections, waker, self.orphans)
        registry.register(account_controller(self.context, services))
        self.reconcile = registry[ACCOUNT].reconcile

    def account(self, name: str = "prod", **spec: object) -> str:
        """Apply an account; return its uid."""
        base = {"accountId": ONE, "region": "eu-central-1"} | spec
        ref, before = ACCOUNT.named("", name), self.kube.objects.get(ACCOUNT.named("", name))
        meta: dict[str, Any] = metadata_of(before) if before is not None else {"name": name}
        generation = cast("int", meta.get("generation", 0)) + 1
        body = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount"} | (before or {})
        return str(
            metadata_of(self.kube.put(ref, body | {"metadata": meta | {"generation": generation}, "spec": base}))["uid"]
        )

    def mover(self, uid: str = "mover") -> None:
        location: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::bucket"}}
        metadata: JsonObject = {"name": uid, "namespace": "n", "uid": uid, "generation": 1, "resourceVersion": "1"}
        spec: JsonObject = {"accountRef": {"name": "prod"}, "source": location, "destination": location}
        self.caches[MOVER].put({"kind": "DataMover", "metadata": metadata, "spec": spec})

    def keys(self, secret: str = "s") -> None:  # noqa: S107 - nobody's
        data = {"aws_access_key_id": "k", "aws_secret_access_key": secret}
        self.kube.put(SECRET, {"data": {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}})

    async def look(self) -> None:
        """See what there is, and reconcile all accounts."""
        for ref, raw in list(self.kube.objects.items()):
            if ref.collection.type == ACCOUNT.type:
                self.event_filter.seen(ACCOUNT, "MODIFIED", raw)
        for entry in self.caches[ACCOUNT]:
            await self.reconcile(entry.uid)

    @property
    def stored(self) -> DataMoverAccount:
        return parse(DataMoverAccount, self.kube.objects[REF])

    @property
    def ready(self) -> tuple[str, str]:
        """Status and reason of Ready."""
        return next((each.status, each.reason) for each in self.stored.status.conditions if each.type == "Ready")

    def woken(self) -> bool:
        """Whether the movers were told to look since the last time."""
        key = (MOVER, "mover")
        was = key in self.queue._ready
        self.queue.forget(key)
        return was


async def test_a_way_is_not_inherited_by_an_account_made_anew_under_the_name() -> None:
    room = Room()
    old = room.account()
    await room.look()
    assert room.connections.aws_for("prod") is not None
    del room.kube.objects[REF]
    room.event_filter.seen(ACCOUNT, "DELETED", {"metadata": {"uid": old}})
    room.sky.failure = FailureKind.THROTTLED
    room.account(accountId=TWO)
    await room.look()
    assert room.connections.aws_for("prod") is None
    await room.reconcile(old)
    assert room.sky.forgotten == [old]


async def test_roles_that_may_not_be_listed_are_told_of() -> None:
    room = Room()
    room.account()
    room.orphans.found("prod", Found(denied="iam:ListRoles"))
    await room.look()
    assert room.ready[0] == "True"
    told = next(each.message for each in room.stored.status.conditions if each.type == "Ready")
    assert told.endswith("; roles that have lost their DataMover can't be found: allow iam:ListRoles (docs/iam.md)")


async def test_a_way_shuts_at_once_when_another_is_declared() -> None:
    room = Room()
    room.account()
    await room.look()
    room.account(assumeRole={"arn": f"arn:aws:iam::{ONE}:role/other"})
    room.event_filter.seen(ACCOUNT, "MODIFIED", room.kube.objects[REF])
    assert room.connections.aws_for("prod") is None
    assert not room.connections.is_judged("prod")
    await room.look()
    assert cast("Any", room.connections.aws_for("prod")).access.assume_role_arn.endswith("role/other")


@pytest.mark.parametrize("kind", [FailureKind.THROTTLED, FailureKind.UNAVAILABLE])
async def test_a_passing_failure_changes_nothing_for_movers(kind: FailureKind) -> None:
    room = Room()
    room.account()
    room.mover()
    await room.look()
    assert room.woken()
    before = room.stored.status
    room.sky.failure = kind
    room.tick += 10_000
    await room.look()
    assert room.connections.aws_for("prod") is not None
    assert (room.stored.status, room.woken()) == (before, False)


async def test_a_passing_failure_at_the_start_lets_movers_wait_for_an_answer() -> None:
    room = Room()
    room.account()
    room.mover()
    room.sky.failure = FailureKind.UNAVAILABLE
    await room.look()
    assert room.ready == ("False", "AWSUnavailable")
    assert (room.connections.is_asked("prod"), room.connections.is_judged("prod")) == (True, False)
    room.woken()  # forgets what the account's appearance brought
    await room.look()
    assert not room.woken(), "they are told once"
    room.sky.failure = None
    await room.look()
    assert (room.ready, room.connections.is_judged("prod"), room.woken()) == (("True", "Ready"), True, True)


async def test_movers_are_woken_to_say_that_aws_is_out_of_reach() -> None:
    room = Room()
    uid = room.account()
    room.mover()
    room.event_filter.seen(ACCOUNT, "ADDED", room.kube.objects[REF])
    room.woken()  # forgets what the account's appearance brought
    room.sky.failure = FailureKind.UNAVAILABLE
    await room.reconcile(uid)
    assert room.woken()


async def test_who_we_are_is_asked_again_at_the_drift_interval() -> None:
    room = Room()
    room.account()
    await room.look()
    room.tick += 599
    await room.look()
    assert len(room.sky.asked) == 1
    room.tick += 2
    room.sky.account_id = TWO
    await room.look()
    assert len(room.sky.asked) == 2
    assert (room.ready, room.connections.aws_for("prod")) == (("False", "WrongAccount"), None)


@pytest.mark.parametrize(
    ("error", "is_open"),
    [
        (KubeError(0, "Unreachable", "no answer"), True),
        (KubeError(500, "InternalError", "etcd"), True),
        (KubeError(429, "TooManyRequests", "later"), True),
        (KubeError(403, "Forbidden", "no"), False),
        (KubeError(404, "NotFound", "gone"), False),
    ],
    ids=str,
)
async def test_a_secret_that_can_not_be_read_for_a_moment_shuts_nobody_out(error: KubeError, is_open: bool) -> None:
    room = Room()
    room.keys()
    room.account(credentialsSecretRef={"name": "keys"})
    await room.look()
    stored, read = room.kube.objects, room.kube.get

    async def get(ref: ObjectRef) -> JsonObject:
        if ref == SECRET:
            raise error
        return await read(ref)

    room.kube.get = get  # type: ignore[method-assign]
    assert SECRET in stored
    await room.look()
    assert (room.connections.aws_for("prod") is not None) == is_open
    assert room.ready == (("True", "Ready") if is_open else ("False", "InvalidCredentials"))


async def test_a_rotated_secret_wakes_the_movers_that_rest() -> None:
    room = Room()
    room.keys()
    room.account(credentialsSecretRef={"name": "keys"})
    room.mover()
    await room.look()
    room.memories.of("mover").rest = Rest(generation=1, until=2000.0)
    assert room.woken()
    await room.look()
    assert not room.woken()
    room.keys("rotated")
    await room.look()
    assert room.woken()
    assert room.memories.of("mover").rest is None


async def test_a_refused_account_says_so_and_lets_nobody_in() -> None:
    room = Room()
    room.account()
    room.mover()
    await room.look()
    raw = room.kube.objects[REF]
    meta: Mapping[str, Any] = metadata_of(raw) | {"generation": 2}
    room.kube.put(REF, raw | {"metadata": dict(meta), "spec": {**cast("JsonObject", raw["spec"]), "later": 1}})
    await room.look()
    status = cast("Any", room.kube.objects[REF])["status"]
    stalled = next(each for each in status["conditions"] if each["type"] == "Stalled")
    assert (stalled["reason"], stalled["message"]) == (
        "InvalidObject",
        "spec.later: 1: unknown field",
    )
    assert (status["observedGeneration"], room.connections.aws_for("prod")) == (2, None)


async def test_events_tell_what_is_new_and_only_that() -> None:
    room = Room()
    room.account()
    for _ in range(3):
        await room.look()
    room.sky.failure = FailureKind.DENIED
    room.tick += 1000
    for _ in range(3):
        await room.look()
    assert [reason for reason, _ in room.told.events] == ["Ready", "AccessDenied"]


def put_older(room: Room, spec: dict[str, Any]) -> None:
    """Another account object, which is older."""
    meta = {"name": "older", "creationTimestamp": "2024-01-01T00:00:00Z"}
    body = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "metadata": meta, "spec": spec}
    room.kube.put(ACCOUNT.named("", "older"), body)


async def test_the_younger_of_two_rest_sections_is_told_that_it_is_not_in_force() -> None:
    room = Room()
    put_older(room, {"accountId": ONE, "region": "eu-central-1", "rest": {"namespace": "a"}})
    room.account(rest={"namespace": "b"})
    await room.look()
    messages = {each.type: each.message for each in room.stored.status.conditions}
    assert "spec.rest has no effect: the older DataMoverAccount 'older'" in messages["Ready"]
    older = parse(DataMoverAccount, room.kube.objects[ACCOUNT.named("", "older")])
    assert "has no effect" not in older.status.conditions[0].message


@pytest.mark.parametrize(
    ("older", "own", "region", "told"),
    [
        ("Report", "Delete", "eu-central-1", True),
        ("Delete", "Report", "eu-central-1", True),
        ("Delete", "Delete", "eu-central-1", False),
        ("Report", "Delete", "eu-west-1", False),
    ],
)
async def test_the_younger_of_two_accounts_is_told_that_the_older_decides_on_orphans(
    older: str, own: str, region: str, told: bool
) -> None:
    room = Room()
    put_older(room, {"accountId": ONE, "region": region, "orphans": older})
    room.account(orphans=own)
    await room.look()
    await room.look()
    ready = next(each for each in room.stored.status.conditions if each.type == "Ready")
    assert (f"spec.orphans '{own}' has no effect: the older DataMoverAccount 'older'" in str(ready.message)) is told
    first = parse(DataMoverAccount, room.kube.objects[ACCOUNT.named("", "older")])
    assert "has no effect" not in str(first.status.conditions[0].message)


async def test_two_operators_agree_on_what_the_account_says_and_each_holds_it_for_itself() -> None:
    kube = Kube()
    one, two = Room(kube, operator_namespace="one"), Room(kube, operator_namespace="two")
    one.account()
    one.mover()
    two.sky.failure = FailureKind.DENIED
    for _ in range(3):
        await one.look()
        await two.look()
    writes = len(kube.writes)
    for _ in range(3):
        await one.look()
        await two.look()
    assert len(kube.writes) == writes
    assert one.ready == ("True", "Ready"), "the one whose mover needs the account gets in"
    assert one.stored.status.movers == 1
    two.mover()
    await two.look()
    assert one.ready == ("False", "AccessDenied")
    names = ["datamover-operator.one.datamover.io/cleanup", "datamover-operator.two.datamover.io/cleanup"]
    assert sorted(one.stored.metadata.finalizers) == names
    mark = {"deletionTimestamp": "2025-01-15T13:00:00Z"}
    kube.put(REF, kube.objects[REF] | {"metadata": metadata_of(kube.objects[REF]) | mark})
    one.caches[MOVER].drop("mover")
    await one.look()
    await two.look()
    assert list(one.stored.metadata.finalizers) == names[1:]
    two.caches[MOVER].drop("mover")
    await two.look()
    assert REF not in kube.objects


@pytest.mark.parametrize(
    "left",
    [
        [{"movers": 3, "state": "Ready", "reason": "Ready", "message": "authenticated"}],
        [{"movers": 3, "state": "Reconciling", "reason": "InUse", "message": "deletion is waiting for 3 movers"}],
        [],
    ],
)
async def test_an_account_that_only_a_gone_operator_holds_says_so(left: list[JsonObject]) -> None:
    room = Room()
    room.account()
    await room.look()
    raw = cast("Any", room.kube.objects[REF])
    mark = {"deletionTimestamp": "2025-01-15T13:00:00Z", "finalizers": ["old.dm.datamover.io/cleanup"]}
    gone = [{"operator": "dm/old", **verdict} for verdict in left]
    status = raw["status"] | {"operators": [*gone, *raw["status"]["operators"]]}
    room.kube.put(REF, raw | {"metadata": metadata_of(raw) | mark, "status": status})
    for _ in range(3):
        await room.look()
    conditions = {each.type: each for each in room.stored.status.conditions}
    assert (conditions["Ready"].status, conditions["Reconciling"].status) == ("False", "True")
    assert "held by finalizers old.dm.datamover.io/cleanup: if an operator is gone" in conditions["Reconciling"].message


async def test_what_others_change_again_and_again_is_put_right_less_and_less_often() -> None:
    room = Room()
    room.account()
    await room.look()
    done = 0
    for _ in range(600):
        room.tick += 1
        writes = len(room.kube.writes)
        room.kube.put(REF, room.kube.objects[REF] | {"status": {}})
        await room.look()
        done += len(room.kube.writes) > writes
    assert 5 < done < 15
