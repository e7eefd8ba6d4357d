"""The operator as a process: when it says that it is ready, and that it ends when it is told to, whatever hangs."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import urllib3
from aiohttp import web

from datamover_dev.stack.operator import Operator
from datamover_operator.controllers import KINDS
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.crowd import Crowd
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators, metric
from tests.support.waiting import eventually

GROUP = "/apis/datamover.io/v1alpha1"
TOKEN_REQUEST = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
MAKING = ("CreateTask", "CreateLocationS3")
GENEROUS = 20.0
"""Seconds: much more than the 4 that an end may take, and less than a request to an API server that hangs takes."""

Start = Callable[..., Operator]


@pytest.fixture
def proxy(operator: Operators, tmp_path: Path) -> Iterator[ApiProxy]:
    """A way to the API server for the operator, with the rights that the chart gives it."""
    with ApiProxy(operator.kubeconfig, tmp_path) as running:
        yield running


@pytest.fixture
def start(operator: Operators, proxy: ApiProxy) -> Start:
    """Starts operators that reach the API server through `proxy`."""
    operator.lead_through(proxy.kubeconfig)
    return operator


def readiness(operator: Operator) -> tuple[int, str]:
    answer = urllib3.request("GET", f"{operator.url}/readyz", timeout=30)
    return answer.status, answer.data.decode()


@pytest.mark.parametrize("plural", ["datamovers", "datamoverruns", "datamoveraccounts"])
def test_it_is_ready_only_when_all_kinds_are_watched(
    start: Start, proxy: ApiProxy, namespace: str, plural: str
) -> None:
    path = f"{GROUP}/{plural}" if plural == "datamoveraccounts" else f"{GROUP}/namespaces/{namespace}/{plural}"
    proxy.hang(rf"^{path}\?.*watch=true")
    operator = start(wait=False)
    eventually(lambda: operator.url)
    eventually(lambda: proxy.watches == len(KINDS) - 1)
    eventually(lambda: readiness(operator) == (503, f"{path}: not ready yet\n"))
    proxy.recover()
    operator.wait_until_ready()


def test_an_api_server_that_hangs_shows_and_so_does_its_recovery(start: Start, proxy: ApiProxy) -> None:
    operator = start()
    proxy.hang()
    eventually(lambda: "the API server: no answer" in readiness(operator)[1])
    assert readiness(operator)[0] == 503
    assert urllib3.request("GET", f"{operator.url}/healthz").status == 200
    proxy.recover()
    eventually(lambda: readiness(operator) == (200, "ok\n"))


@pytest.mark.parametrize("lease", [True, False])
def test_it_ends_as_told_though_the_api_server_hangs(start: Start, proxy: ApiProxy, world: World, lease: bool) -> None:
    operator = start(lease=lease)
    world.grant_all()
    proxy.hang()
    world.s3_mover("unseen")
    assert operator.terminate(GENEROUS) == 0


def test_it_ends_as_told_though_the_api_server_hangs_from_the_start(start: Start, proxy: ApiProxy) -> None:
    proxy.hang()
    operator = start(wait=False)
    eventually(lambda: operator.url)
    assert operator.terminate(GENEROUS) == 0


def test_it_ends_as_told_though_a_call_of_aws_hangs_and_the_next_one_doubles_nothing(
    operator: Operators, world: World
) -> None:
    world.grant_all()
    crowd = Crowd.applied(world, ("slow",))
    hold = world.emulator.fault("CreateTask", hold="after")
    first = operator()
    hold.wait_held()
    assert first.terminate(GENEROUS) == 0
    hold.release()
    operator(settling_seconds=5, aws_call_timeout_seconds=2)
    crowd.wait_ready()
    crowd.check_nothing_is_doubled()
    crowd.delete()
    crowd.wait_gone()
    assert world.leftovers() == NOTHING


def test_one_that_stands_by_ends_as_told_and_takes_over_when_the_other_ends(operator: Operators) -> None:
    holder = operator(lease=True)
    bored, second = operator(lease=True, wait=False), operator(lease=True, wait=False)
    for each in (bored, second):
        eventually(lambda standby=each: standby.url and readiness(standby)[0] == 200, what="it stands by")  # type: ignore[misc]
        assert re.fullmatch(r"stands by: \S+ holds the Lease\n", readiness(each)[1])
    assert [metric(each, "datamover_ready") for each in (holder, second)] == [1, 0]
    assert bored.terminate(GENEROUS) == 0
    assert holder.terminate(GENEROUS) == 0
    eventually(lambda: metric(second, "datamover_ready") == 1)
    assert readiness(second) == (200, "ok\n")


def test_what_was_made_and_what_was_refused_is_logged_with_awss_request_id(operator: Operators, world: World) -> None:
    world.grant_all()
    crowd = Crowd.applied(world, ("made",))
    world.s3_mover("refused", source="no-such-bucket", destination="no-such-either")
    running = operator()
    crowd.wait_ready()
    world.wait_condition("DataMover", "refused", "Stalled")

    lines = [json.loads(line) for line in running.log.read_text().splitlines()]
    calls = {line["aws_request_id"]: line for line in lines if line.get("aws_request_id")}
    journal = {each["requestId"]: each for each in world.emulator.journal() if each["operation"] in MAKING}
    wanted = {"CreateTask": "made", "CreateLocationS3": None}
    for request_id, each in journal.items():
        line = calls[request_id]
        assert (line["level"], line["operation"]) == ("info", each["operation"])
        assert line["namespace"] == world.namespace
        assert line["name"] in {"made", "refused"}
        assert (line["event"] == "AWS call failed") == (line["name"] == "refused")
        assert wanted[each["operation"]] in {None, line["name"]}
    assert {line["operation"] for line in calls.values()} >= set(MAKING)
    assert not [line for line in calls.values() if line["operation"].startswith(("Describe", "List"))]


def another_token(api: Api, operators: Operators) -> str:
    """One more token of the operator's own ServiceAccount."""
    own = Api(operators.kubeconfig)
    review = own.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", {})
    own.close()
    _, _, namespace, name = review["status"]["userInfo"]["username"].split(":")
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
    return str(api.create(path, TOKEN_REQUEST)["status"]["token"])


def is_watch(request: web.BaseRequest) -> bool:
    return request.query.get("watch") == "true"


def hang_up(proxy: ApiProxy) -> None:
    """Close the watches of all kinds."""
    eventually(lambda: proxy.watches == len(KINDS), what="all kinds are watched")
    assert proxy.hang_up() == len(KINDS)


def test_a_watch_that_is_refused_shows_and_so_does_its_recovery(start: Start, proxy: ApiProxy, namespace: str) -> None:
    operator = start()
    proxy.refuse(is_watch, 500)
    hang_up(proxy)
    path = f"{GROUP}/namespaces/{namespace}/datamoverruns"
    eventually(lambda: f"{path}: the API server answers 500" in readiness(operator)[1])
    proxy.recover()
    eventually(lambda: readiness(operator) == (200, "ok\n"))


def test_it_watches_on_with_a_new_token_when_the_old_one_has_expired(
    start: Start, proxy: ApiProxy, world: World, api: Api, operator: Operators
) -> None:
    running = start()
    config = json.loads(proxy.kubeconfig.read_text())
    user = config["users"][0]["user"]
    old = f"Bearer {user['token']}"
    proxy.refuse(lambda request: is_watch(request) and request.headers["Authorization"] == old, 401)
    user["token"] = another_token(api, operator)
    proxy.kubeconfig.write_text(json.dumps(config))
    hang_up(proxy)
    eventually(lambda: proxy.watches == len(KINDS) and readiness(running) == (200, "ok\n"))
    world.grant_all()
    world.wait_condition("DataMoverAccount", world.account, "Ready")


@pytest.mark.parametrize("asked", ["/api/v1/namespaces/kube-system", "/datamoverruns"])
def test_it_waits_for_an_api_server_that_is_away_when_it_starts(start: Start, proxy: ApiProxy, asked: str) -> None:
    proxy.refuse(lambda request: request.path.endswith(asked), 503)
    operator = start(wait=False)
    eventually(lambda: "can't be asked; waiting for it" in operator.log.read_text())
    assert readiness(operator)[0] == 503
    proxy.recover()
    eventually(lambda: readiness(operator) == (200, "ok\n"))


def test_it_ends_while_it_waits_for_an_api_server(start: Start, proxy: ApiProxy) -> None:
    proxy.refuse(lambda _: True, 503)
    operator = start(wait=False)
    eventually(lambda: "can't be asked; waiting for it" in operator.log.read_text())
    assert operator.terminate() == 0


def test_it_ends_where_its_token_stays_refused(start: Start, proxy: ApiProxy) -> None:
    operator = start()
    proxy.refuse(is_watch, 401)
    hang_up(proxy)
    assert operator.wait(90) == 1
    assert "fatal error" in operator.log.read_text()
