"""The operator has the rights that it needs, and none that it does not need.

Every test on the whole stack runs the operator with the chart's rights for one namespace; here it has those for all
of them, whole and with each right taken away in turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from datamover_crds.contract import FINALIZER
from datamover_dev.http import answers
from datamover_dev.stack.operator import Operator
from tests.support.api import Api, JsonDict
from tests.support.api_proxy import ApiProxy, Write
from tests.support.emulator import Emulator
from tests.support.movers import NOTHING, World, condition_of
from tests.support.operator_process import Operators
from tests.support.rights import (
    Right,
    identity,
    in_all_namespaces,
    in_one_namespace,
    single_rights,
    without,
)
from tests.support.specs import table_sync
from tests.support.waiting import eventually

Start = Callable[..., tuple[Operator, ApiProxy]]
PATIENCE = 120.0
"""Only a refusal shows that a right is needed. Slowness shows nothing: it fails the test."""
ALL = single_rights(in_all_namespaces("anywhere"))


@pytest.fixture
def start(api: Api, kubeconfig: Path, namespace: str, emulator: Emulator, tmp_path: Path) -> Iterator[Start]:
    """Starts the operator for all namespaces, with the rights of rendered objects, behind a proxy."""
    with ExitStack() as ends:

        def begin(objects: list[JsonDict], **settings: Any) -> tuple[Operator, ApiProxy]:  # noqa: ANN401
            whose = ends.enter_context(identity(api, kubeconfig, tmp_path, objects))
            proxy = ends.enter_context(ApiProxy(whose, tmp_path))
            operators = Operators(proxy.kubeconfig, namespace, emulator.environment(), tmp_path)
            ends.callback(operators.stop)
            return operators(namespaces="", lease=True, wait=False, **settings), proxy

        yield begin


class EndedError(Exception):
    """The operator's process has ended, for whatever reason."""


class Missed(Exception):  # noqa: N818 - what a test looks for, not an error of its own
    """The API server has refused the operator something for lack of a right."""


def use(operator: Operator, proxy: ApiProxy, world: World) -> None:
    """Have the operator do all that it can do; raise Missed as soon as it is refused something."""

    def until(done: Callable[[], bool], what: str) -> None:
        def looked() -> bool:
            if proxy.forbidden:
                raise Missed(proxy.forbidden)
            if operator.exit_code is not None:
                raise EndedError(operator.tail())
            return done()

        eventually(looked, PATIENCE, what=what)

    def in_between(kind: str) -> None:
        """Have somebody else write between the operator's reading and its writing, so that it has to read again."""
        until(holds[kind].taken.done, f"one of its {kind} is written")
        path = holds[kind].taken.result().path.removesuffix("/status")
        world.api.patch(path, {"metadata": {"annotations": {"somebody": "else"}}})
        holds[kind].release()

    kinds = ("datamovers", "datamoverruns", "datamoveraccounts", "tablesyncs")
    holds = {kind: proxy.hold(partial(is_patch_of, kind)) for kind in kinds}
    until(lambda: operator.url != "" and answers(f"{operator.url}/readyz"), "the operator is ready")
    keys = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "none"}
    secrets = f"/api/v1/namespaces/{world.namespace}/secrets"
    world.api.create(secrets, {"metadata": {"name": "keys"}, "stringData": keys})
    world.bucket("src", {"a": b"alpha"})
    world.bucket("dst")
    world.grant_all(credentialsSecretRef={"name": "keys"})
    in_between("datamoveraccounts")
    world.s3_mover(runHistory={"limit": 0}, trigger={"manual": "first"})
    in_between("datamovers")
    in_between("datamoverruns")
    until(lambda: world.objects("dst") == {"a": b"alpha"}, "the run that the trigger starts moves the object")
    until(lambda: world.list("DataMoverRun") == [], "the ended run is pruned")
    with a_mover_with_secrets(world) as elsewhere:
        until(lambda: _is_ready(elsewhere), "a mover with Secrets is Ready")
        elsewhere.delete("DataMover", "with-secrets")
        until(lambda: elsewhere.get("DataMover", "with-secrets") is None, "it is gone")
    retained = table_sync(deletionPolicy="Retain")["spec"]
    world.create("TableSync", "t", retained, finalizers=[FINALIZER])  # as if something had been made
    in_between("tablesyncs")
    until(lambda: _is_true(world, "TableSync", "t", "Stalled"), "the table sync has no database to reach")
    world.delete("TableSync", "t")
    until(lambda: world.get("TableSync", "t") is None, "the table sync is gone")
    events = f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events"
    until(lambda: world.api.get(events)["items"] != [], "there are Events")
    world.delete("DataMover", "m")
    until(lambda: world.get("DataMover", "m") is None, "the mover is gone")
    world.delete("DataMoverAccount", world.account)
    until(lambda: world.get("DataMoverAccount", world.account) is None, "the account is gone")
    assert operator.terminate(PATIENCE) == 0
    if proxy.forbidden:
        raise Missed(proxy.forbidden)
    lease = f"/apis/coordination.k8s.io/v1/namespaces/{world.namespace}/leases"
    assert [each["spec"].get("holderIdentity", "") for each in world.api.get(lease)["items"]] == [""]


@contextmanager
def a_mover_with_secrets(world: World) -> Iterator[World]:
    """Make one in namespace `default`, in the same account."""
    elsewhere = World(world.api, world.emulator, "default")
    path = "/api/v1/namespaces/default/secrets"
    world.api.create(path, {"metadata": {"name": "storage"}, "stringData": {"key": "me", "secret": "mine"}})
    keys = {field: {"name": "storage", "key": key} for field, key in (("accessKey", "key"), ("secretKey", "secret"))}
    storage = {"serverHostname": "minio.example.com", "bucketName": "theirs", "serverProtocol": "HTTP"} | keys
    grants = [{"namespaces": [world.namespace, "default"], "locations": ["*"]}]
    try:
        world.patch("DataMoverAccount", world.account, {"spec": {"grants": grants}})
        account = {"accountRef": {"name": world.account}}
        spec: dict[str, object] = {**account, "source": {"objectStorage": storage}, "taskMode": "ENHANCED"}
        destination = {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}
        elsewhere.create("DataMover", "with-secrets", spec | {"destination": destination})
        yield elsewhere
    finally:
        world.api.delete(f"{path}/storage")


def _is_ready(world: World) -> bool:
    found = world.get("DataMover", "with-secrets") or {}
    told = condition_of(found, "Ready")
    assert told is not None, found
    assert told["status"] == "True", found["status"]
    return True


def _is_true(world: World, kind: str, name: str, condition: str) -> bool:
    told = condition_of(world.get(kind, name) or {}, condition)
    return told is not None and told["status"] == "True"


def is_patch_of(kind: str, write: Write) -> bool:
    return write.method == "PATCH" and f"/{kind}/" in write.path


def test_the_granted_rights_suffice(start: Start, world: World) -> None:
    operator, proxy = start(
        in_all_namespaces(world.namespace), shutdown_grace_seconds=60
    )  # time to let go of its Lease
    use(operator, proxy, world)
    assert world.leftovers() == NOTHING


@pytest.mark.parametrize("right", ALL, ids="-".join)
def test_no_right_is_granted_that_nothing_needs(start: Start, world: World, right: Right) -> None:
    operator, proxy = start(without(in_all_namespaces(world.namespace), right))
    with pytest.raises(Missed):
        use(operator, proxy, world)


def test_one_namespace_needs_no_other_rights() -> None:
    """So what holds for all namespaces holds there; a single namespace needs fewer."""

    def actions(rights: list[Right]) -> set[tuple[str, ...]]:
        return {right[1:] for right in rights}

    assert actions(single_rights(in_one_namespace("anywhere"))) < actions(ALL)


def test_secrets_are_out_of_reach_but_those_named(api: Api, kubeconfig: Path, namespace: str, tmp_path: Path) -> None:
    with identity(api, kubeconfig, tmp_path, in_all_namespaces(namespace)) as whose:
        own = Api(whose)
        for verb, where, name, wanted in [
            ("get", namespace, "keys", True),
            ("get", namespace, "others", False),
            ("get", namespace, "", False),
            ("list", namespace, "", False),
            ("watch", namespace, "keys", False),
            ("get", namespace, "datamover-operator-hash-key", True),
            ("create", namespace, "", True),  # of its hash key; a right to create can't be limited to a name
            ("create", "default", "", False),
            ("get", "kube-system", "keys", False),
            ("list", "", "", False),
        ]:
            asked = {"resource": "secrets", "verb": verb, "namespace": where, "name": name}
            review = {"spec": {"resourceAttributes": asked}}
            answer = own.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
            assert answer["status"]["allowed"] is wanted, asked
        own.close()
