"""The service itself: what it survives, whom it lets in, what it needs."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import pytest
import urllib3

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from datamover_dev.processes import Managed
from tests.support.api import Api, ApiError
from tests.support.certificates import write_certificate
from tests.support.movers import World
from tests.support.rest import MOVERS, Client, RestServices, s3_body, token
from tests.support.tcp_gate import TcpGate
from tests.support.waiting import eventually

TASK = "arn:aws:datasync:eu-central-1:123456789012:task/task-0ee229c003ef4f0b8"


@pytest.fixture
def served(world: World) -> World:
    """An account that serves the test's namespace, with one mover whose task is there as far as its status tells."""
    world.grant_all(rest={"namespace": world.namespace})
    stand_in(world, "first")
    return world


def stand_in(world: World, name: str) -> None:
    """A mover as an operator would leave it."""
    if world.get("DataMover", name) is None:
        world.s3_mover(name, tags=[{"key": "spinup:spaceid", "value": "g"}])
    world.patch(
        "DataMover",
        name,
        {"status": {"taskArn": TASK, "observed": {"task": {"status": "AVAILABLE"}}}},
        subresource="/status",
    )


def lists(rest: Client, *names: str) -> bool:
    return bool(rest.get(f"{MOVERS}/g").json == list(names))


def address(url: str) -> tuple[str, int]:
    parts: SplitResult = urlsplit(url)
    assert parts.hostname is not None
    assert parts.port is not None
    return parts.hostname, parts.port


def led_through(gate: TcpGate, kubeconfig: Path, folder: Path) -> Path:
    """The kubeconfig, but through the gate."""
    config = json.loads(kubeconfig.read_text())
    config["clusters"][0]["cluster"]["server"] = f"https://127.0.0.1:{gate.port}"
    path = folder / "gated-kubeconfig"
    path.write_text(json.dumps(config))
    return path


@pytest.fixture
def gate(kubeconfig: Path) -> Iterator[TcpGate]:
    server = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    with TcpGate(*address(server)) as gate:
        yield gate


def test_it_is_ready_when_everything_has_been_read(
    served: World, rest_services: RestServices, gate: TcpGate, tmp_path: Path
) -> None:
    kubeconfig = led_through(gate, rest_services.kubeconfig, tmp_path)
    service = rest_services.start(wait=False, kubeconfig=kubeconfig)
    rest = Client(service.wait_until_it_listens())
    not_yet = rest.send("GET", "/readyz", headers={})
    assert (not_yet.status, not_yet.text.startswith("the accounts: ")) == (503, True)
    assert rest.send("GET", "/healthz", headers={}).status == 200
    early = rest.get(f"{MOVERS}/g")
    assert (early.status, early.text.startswith("the accounts are not known: ")) == (500, True)
    gate.open()
    service.wait_until_ready()
    assert lists(rest, "first")
    assert served.namespace in rest.send("GET", "/v1/test/metrics", headers={}).text


def test_it_serves_on_while_kubernetes_is_away_and_catches_up_at_once(
    served: World, rest_services: RestServices, gate: TcpGate, tmp_path: Path
) -> None:
    gate.open()
    rest = rest_services(kubeconfig=led_through(gate, rest_services.kubeconfig, tmp_path))
    gate.shut()
    stand_in(served, "second")
    served.delete("DataMover", "first")
    assert lists(rest, "first")
    assert rest.send("GET", "/readyz", headers={}).status == 200
    assert rest.send("DELETE", f"{MOVERS}/g/first").status == 500
    gate.open()
    eventually(lambda: lists(rest, "second"))
    stand_in(served, "third")
    eventually(lambda: lists(rest, "second", "third"))


def test_it_follows_new_watches_where_old_ones_are_lost(
    served: World, rest_services: RestServices, gate: TcpGate, tmp_path: Path
) -> None:
    gate.open()
    rest = rest_services(kubeconfig=led_through(gate, rest_services.kubeconfig, tmp_path))
    for number in range(3):
        gate.shut()
        gate.open()
        stand_in(served, f"m{number}")
        eventually(partial(lists, rest, "first", *(f"m{each}" for each in range(number + 1))))


class RestartedControlPlane(ControlPlane):
    """A control plane whose API server can be started anew."""

    def _start(self, name: str, *flags: str) -> Managed:
        process = super()._start(name, *flags)
        if name == "kube-apiserver":
            self.apiserver, self.flags = process, flags
        return process

    def restart(self) -> None:
        self.end_apiserver()
        self._start("kube-apiserver", *self.flags)

    def end_apiserver(self) -> None:
        """It would wait for the controllers' connections to end, for as long as it is let."""
        self.apiserver.terminate(grace=1)


def test_it_survives_a_restart_of_the_api_server(tmp_path: Path) -> None:
    with RestartedControlPlane(tmp_path / "control-plane", crds=CRDS) as plane, ExitStack() as stack:
        api = Api(plane.kubeconfig)
        stack.callback(api.close)
        world = World(api, None, "default")  # type: ignore[arg-type] # no AWS is needed
        world.grant_all(rest={"namespace": "default"})
        stand_in(world, "first")
        services = RestServices(plane.kubeconfig, tmp_path)
        stack.callback(plane.end_apiserver)
        stack.callback(services.stop)
        rest = services()
        plane.restart()
        assert lists(rest, "first")
        eventually(lambda: stand_in_again(world, "second"), timeout=90)
        eventually(lambda: lists(rest, "first", "second"))


def stand_in_again(world: World, name: str) -> bool:
    """A stand-in, as soon as the API server takes it: while it starts, it is not reached, or answers 503."""
    try:
        stand_in(world, name)
    except (urllib3.exceptions.HTTPError, OSError, ApiError) as error:
        raise AssertionError(error) from error
    return True


def test_accounts_come_and_go_while_it_runs(world: World, rest_services: RestServices) -> None:
    rest = rest_services()
    assert rest.get(MOVERS).status == 404
    world.grant_all(rest={"namespace": world.namespace})
    stand_in(world, "first")
    eventually(lambda: rest.get(MOVERS).status == 200)
    eventually(lambda: lists(rest, "first"))
    world.delete("DataMoverAccount", world.account)
    eventually(lambda: rest.get(MOVERS).status == 404)


def test_an_account_in_a_namespace_that_it_may_not_read_harms_no_other(
    served: World, rest_services: RestServices
) -> None:
    spec: dict[str, object] = {
        "accountId": "999999999999",
        "region": "eu-central-1",
        "rest": {"namespace": "kube-public"},
    }
    served.create("DataMoverAccount", f"{served.namespace}-elsewhere", spec)
    rest = rest_services()
    assert lists(rest, "first")
    closed = rest.get("/v1/datasync/999999999999/movers")
    assert closed.status == 500
    assert closed.text == "the movers of namespace 'kube-public' are not known: 403 Forbidden"
    [first] = served.list("DataMover")
    uid = first["metadata"]["uid"]
    assert rest.get(f"/v1/datasync/flywheel?task={uid}").json[uid]["status"] == "completed"
    unknown = rest.get(f"/v1/datasync/flywheel?task={uid}&task=unknown")  # it may be there for all that can be seen
    assert (unknown.status, unknown.text) == (500, closed.text)


def test_two_accounts_can_keep_their_movers_in_one_namespace(served: World, rest_services: RestServices) -> None:
    rest_of: dict[str, object] = {"namespace": served.namespace}
    spec: dict[str, object] = {"accountId": "999999999999", "region": "eu-central-1", "rest": rest_of}
    served.create("DataMoverAccount", f"{served.namespace}-second", spec)
    rest = rest_services()
    second = "/v1/datasync/999999999999/movers"
    assert rest.send("POST", f"{MOVERS}/g", s3_body("twin")).status == 202
    assert rest.send("POST", f"{second}/g", s3_body("twin")).status == 202
    for path in (MOVERS, second):
        assert rest.send("POST", f"{path}/g", s3_body("twin")).status == 409
    twins = [each for each in served.list("DataMover") if each["spec"].get("name") == "twin"]
    assert [each["spec"]["accountRef"]["name"] for each in twins].count(served.account) == 1
    assert len(twins) == 2
    assert lists(rest, "first")
    assert rest.get(f"{second}/g").json == []


def test_keys_are_rotated_without_a_restart(served: World, rest_services: RestServices) -> None:
    rest = rest_services()
    rest_services.keys.write_text("open sesame\nthe next one\n")
    after = {"X-Auth-Token": token("the next one")}
    eventually(lambda: rest.send("GET", MOVERS, headers=after).status == 200)
    assert rest.get(MOVERS).status == 200
    rest_services.keys.write_text("the next one\n")
    eventually(lambda: rest.get(MOVERS).status == 403)
    assert rest.send("GET", MOVERS, headers=after).status == 200


def test_https_with_a_certificate_that_is_renewed(served: World, rest_services: RestServices, tmp_path: Path) -> None:
    certificate, key = tmp_path / "tls.crt", tmp_path / "tls.key"
    first = write_certificate(certificate, key)
    service = rest_services.start(wait=False, tls_certificate_file=certificate, tls_key_file=key)
    host, port = address(service.wait_until_it_listens())
    assert eventually(lambda: served_certificate(host, port)) == first
    pool = urllib3.HTTPSConnectionPool(host, port, ca_certs=str(certificate))
    assert eventually(lambda: pool.request("GET", MOVERS, headers={"X-Auth-Token": token()}).status == 200)
    second = write_certificate(certificate, key)
    eventually(lambda: served_certificate(host, port) == second)


def served_certificate(host: str, port: int) -> bytes:
    return ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((host, port), timeout=30))


def test_it_ends_soon_when_told_to(served: World, rest_services: RestServices) -> None:
    service = rest_services.start(shutdown_grace_seconds=600)
    assert lists(Client(service.url), "first")
    assert service.terminate(grace=60) == 0
