"""The REST service has the rights that it needs, and none that it does not need: each is taken away in turn."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from datamover_dev.http import answers
from datamover_dev.stack.rest import RestService
from tests.support.api import Api, JsonDict
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import MOVERS, NAMED_KEY, PASSWORD, Client, RestServices, s3_body
from tests.support.rights import Right, identity, of_the_rest_service, single_rights, without
from tests.support.waiting import eventually

NAME = "nightly"
MOVER = f"{MOVERS}/abc-123/{NAME}"
Start = Callable[[list[JsonDict]], RestService]
FACADES = ("legacy", "labelStudio", "sync")
ALL = single_rights(of_the_rest_service("anywhere"))
EVERYTHING = single_rights(of_the_rest_service("anywhere", *FACADES))


@pytest.fixture
def start(api: Api, kubeconfig: Path, tmp_path: Path) -> Iterator[Start]:
    """Starts the service with the rights of rendered objects."""
    folder = tmp_path / "rest"
    folder.mkdir()
    with ExitStack() as ends:

        def begin(objects: list[JsonDict]) -> RestService:
            whose = ends.enter_context(identity(api, kubeconfig, folder, objects))
            services = RestServices(whose, folder)
            ends.callback(services.stop)
            return services.start(
                wait=False,
                start_timeout_seconds=1,
                delete_timeout_seconds=1,
                # Not with the rights of the first facade alone: what it may not read, it would not become ready for.
                **(services.all_facades if _has_tables(objects) else {}),
            )

        yield begin


def _has_tables(objects: list[JsonDict]) -> bool:
    return any(resource in {"secrets", "tablesyncs"} for _, _, resource, _ in single_rights(objects))


class Missed(Exception):  # noqa: N818 - what a test looks for, not an error of its own
    """The service was refused something."""


def wait_until(service: RestService, done: Callable[[], bool], what: str) -> None:
    """Wait; raise Missed as soon as the service is refused something or has ended."""

    def looked() -> bool:
        if "orbidden" in service.log.read_text() or service.exit_code is not None:
            raise Missed(service.tail())
        return done()

    eventually(looked, 60, what=what)


def use(service: RestService, world: World, operators: Operators) -> None:
    """Have the service do all that it can do; raise Missed as soon as it is refused something."""

    until = partial(wait_until, service)
    until(lambda: service.url != "" and answers(f"{service.url}/readyz"), "the service is ready")
    rest = Client(service.url)
    operator = operators()
    world.bucket("src", {"a": b"alpha"})
    world.bucket("dst")
    world.grant_all(rest={"namespace": world.namespace}, org="spindev")
    until(lambda: rest.get(MOVERS).status == 200, "it serves the new account")
    world.s3_mover(f"abc-123.{NAME}")  # a stranger has the name that the service would choose
    done(service, rest.create(s3_body(NAME)).status, 202)
    until(lambda: rest.get(MOVER).status == 200, "its mover is there, under another name")
    until(lambda: rest.get(MOVER).json["Task"]["Status"] == "AVAILABLE", "its mover is ready")

    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        until(lambda: rest.set_state(NAME, "start").status == 200, "the operator takes a start up soon enough")
        done(service, rest.set_state(NAME, "stop").status, 204)
    until(lambda: rest.get(MOVER).json["Task"]["Status"] == "AVAILABLE", "the run has ended")
    operator.kill()
    before = len(world.list("DataMoverRun"))
    done(service, rest.set_state(NAME, "start").status, 500)
    until(lambda: len(world.list("DataMoverRun")) == before, "a start that nobody took up is withdrawn")
    done(service, rest.send("DELETE", MOVER).status, 204)
    until(lambda: True, "nothing was refused")


def done(service: RestService, status: int, wanted: int) -> None:
    if status != wanted:
        raise Missed(f"{status} in place of {wanted}\n{service.tail()}")


def test_the_granted_rights_suffice(start: Start, world: World, operator: Operators) -> None:
    use(start(of_the_rest_service(world.namespace)), world, operator)
    assert any("deletionTimestamp" in each["metadata"] for each in world.list("DataMover"))


@pytest.mark.parametrize("right", ALL, ids="-".join)
def test_no_right_is_granted_that_nothing_needs(start: Start, world: World, operator: Operators, right: Right) -> None:
    service = start(without(of_the_rest_service(world.namespace), right))
    with pytest.raises(Missed):
        use(service, world, operator)


def use_facades(service: RestService, world: World) -> None:
    """Have the other facades do all that they can do; raise Missed as soon as they are refused something."""

    until = partial(wait_until, service)
    until(lambda: service.url != "" and answers(f"{service.url}/readyz"), "the service is ready")
    key = {"Authorization": f"Bearer {NAMED_KEY}"}
    client = Client(service.url)
    destination = {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}}
    world.grant_all(
        labelStudio={"namespace": world.namespace, "default": destination}, syncApi={"namespace": world.namespace}
    )

    def send(method: str, path: str, body: object, wanted: int) -> Any:  # noqa: ANN401 - JSON
        answer = client.send(method, path, body, headers=key)
        done(service, answer.status, wanted)
        return json.loads(answer.body) if answer.body else None

    until(lambda: client.send("GET", "/api/v1/sync", headers=key).status == 200, "it serves the new account")
    given = {"project": 1, "bucket": "src", "s3_endpoint": "http://h", "aws_access_key_id": "A"}
    storage = f"/api/storages/s3/{send('POST', '/api/storages/s3/', given, 201)['id']}"
    send("PATCH", storage, {"aws_access_key_id": "B"}, 200)
    send("POST", f"{storage}/sync", None, 200)
    send("DELETE", storage, None, 204)
    send("POST", "/api/storages/s3/", given, 201)
    database = {"type": "postgresql", "url": f"postgresql://u:{PASSWORD}@h/d"}
    made = send("POST", "/api/v1/sync", {"source": database, "destination": database, "tables": ["t"]}, 201)
    until(lambda: world.get("TableSync", made["id"].replace("_", "-")) is not None, "it is there")
    world.patch("TableSync", made["id"].replace("_", "-"), {"metadata": {"labels": {"a": "b"}}})
    send("PATCH", f"/api/v1/sync/{made['id']}", {"paused": True}, 200)
    send("DELETE", f"/api/v1/sync/{made['id']}", None, 204)
    until(lambda: True, "nothing was refused")


def test_the_rights_for_the_other_facades_suffice(start: Start, world: World) -> None:
    use_facades(start(of_the_rest_service(world.namespace, *FACADES)), world)


@pytest.mark.parametrize("right", sorted(set(EVERYTHING) - set(ALL)), ids="-".join)
def test_no_facade_is_granted_a_right_that_it_does_not_need(start: Start, world: World, right: Right) -> None:
    service = start(without(of_the_rest_service(world.namespace, *FACADES), right))
    with pytest.raises(Missed):
        use_facades(service, world)


def test_secrets_and_other_namespaces_are_out_of_reach(
    api: Api, kubeconfig: Path, namespace: str, tmp_path: Path
) -> None:
    with identity(api, kubeconfig, tmp_path, of_the_rest_service(namespace)) as whose:
        own = Api(whose)
        for resource, verb, where in [
            ("secrets", "get", namespace),
            ("secrets", "list", namespace),
            ("secrets", "get", ""),
            ("datamovers", "get", "default"),
            ("datamovers", "patch", namespace),
            ("datamoveraccounts", "get", ""),
        ]:
            group = "" if resource == "secrets" else "datamover.io"
            asked = {"group": group, "resource": resource, "verb": verb, "namespace": where}
            review = {"spec": {"resourceAttributes": asked}}
            answer = own.create("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
            assert answer["status"]["allowed"] is False, asked
        own.close()
