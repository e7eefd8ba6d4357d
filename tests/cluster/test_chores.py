"""What the chart's Jobs do: apply a sample account, and let all movers go before their CRDs do."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from aiohttp import web

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from datamover_dev.stack.environment import without_foreign_settings
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.emulator import Emulator
from tests.support.helm import render
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rights import identity
from tests.support.waiting import eventually

MOVER: dict[str, object] = {
    "source": {"s3": {"s3BucketArn": "arn:aws:s3:::src"}},
    "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::dst"}},
}


def chore(*arguments: str, kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    environment = without_foreign_settings(os.environ) | {"KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", "datamover_operator.chores", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def hurried_release(kubeconfig: Path, seconds: int = 2) -> subprocess.CompletedProcess[str]:
    hurry = f"c.RELEASE_TIMEOUT = {seconds}"
    program = f"import sys; from datamover_operator import chores as c; {hurry}; sys.exit(c.main(['release']))"
    environment = without_foreign_settings(os.environ) | {"KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-c", program]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def requests_to(proxy: ApiProxy) -> list[tuple[str, int]]:
    """The end of the path of each request from now on, and the limit that it sets, or 0."""
    asked: list[tuple[str, int]] = []

    def note(request: web.BaseRequest) -> bool:
        asked.append((request.path.rpartition("/")[2], int(request.query.get("limit", 0))))
        return False

    proxy.refuse(note, 0)
    return asked


def rights(template: str, namespace: str) -> list[dict[str, object]]:
    """What the chart lets such a Job do."""
    values = {"dev": {"enabled": True}, "crds": {"keep": False}}
    kinds = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    return [each for each in render(values, namespace=namespace, only=[template]) if each["kind"] in kinds]


def test_the_sample_account_is_made_once_and_brought_up_to_date(
    api: Api, kubeconfig: Path, world: World, tmp_path: Path
) -> None:
    account = tmp_path / "account.yaml"
    with identity(api, kubeconfig, tmp_path, rights("dev/sample.yaml", world.namespace)) as whose:
        for location in ("s3://a-*", "s3://b-*"):
            spec = {"accountId": "123456789012", "region": "eu-central-1", "grants": [{"locations": [location]}]}
            manifest = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "spec": spec}
            account.write_text(yaml.safe_dump(manifest | {"metadata": {"name": world.account}}))
            done = chore("apply", str(account), kubeconfig=whose)
            assert done.returncode == 0, done.stderr
            found = world.get("DataMoverAccount", world.account)
            assert found is not None
            assert found["spec"]["grants"][0]["locations"] == [location]


@pytest.fixture(scope="module")
def bare_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A cluster without CRDs: the tests here install them and lose them."""
    with ControlPlane(tmp_path_factory.mktemp("control-plane")) as running:
        yield running


@pytest.fixture
def own_plane(bare_plane: ControlPlane) -> ControlPlane:
    """A cluster that may lose its CRDs."""
    bare_plane.install(CRDS)
    return bare_plane


def test_release_lets_every_mover_go_leaves_aws_alone_and_takes_the_crds_along(
    own_plane: ControlPlane, emulator: Emulator, tmp_path: Path
) -> None:
    whose = own_plane.kubeconfig
    api = Api(whose)
    world = World(api, emulator, "default")
    operators = Operators(whose, "default", emulator.environment(), tmp_path)
    try:
        operators()
        world.bucket("src", {"a": b"alpha"})
        world.bucket("dst")
        world.grant_all()
        world.s3_mover()
        world.wait_ready()
        with emulator.fault(state="TRANSFERRING", hold="before"):
            world.run("active")
            world.wait_phase("active", "Transferring")
            before = world.leftovers()
            held = ["default.datamover.io/cleanup", "operator.that-is-gone.datamover.io/cleanup"]
            world.patch("DataMoverAccount", world.account, {"metadata": {"finalizers": held}})
            with identity(api, whose, tmp_path, rights("operator/release-hook.yaml", "default")) as job:
                done = chore("release", kubeconfig=job)
                assert done.returncode == 0, done.stderr
                assert own_plane.kubectl("get", "crds", "--output=name") == ""
                again = chore("release", kubeconfig=job)
            assert again.returncode == 0, again.stderr
        assert world.leftovers() == before
    finally:
        operators.stop()
        api.close()


def test_release_lets_go_what_is_applied_again_while_it_waits(
    own_plane: ControlPlane, emulator: Emulator, tmp_path: Path
) -> None:
    """As Argo CD does: the CRD would take the mover along, and the operator what it made."""
    api = Api(own_plane.kubeconfig)
    world = World(api, emulator, "default")
    world.create("DataMoverRun", "held", {"moverRef": {"name": "m"}}, finalizers=["datamover.io/cleanup"])
    with ApiProxy(own_plane.kubeconfig, tmp_path) as proxy, ThreadPoolExecutor() as pool:
        asked = requests_to(proxy)
        releasing = pool.submit(chore, "release", kubeconfig=proxy.kubeconfig)
        eventually(lambda: any(kind == "datamoverruns" for kind, _ in asked), what="it waits for runs")
        world.s3_mover("again")
        world.grant_all()
        world.patch("DataMoverRun", "held", {"metadata": {"finalizers": []}})
        done = releasing.result()
    api.close()
    assert done.returncode == 0, done.stderr
    writes = [(each.method, each.path.rpartition("/")[2], each.body.get("spec")) for each in proxy.writes]
    before = writes[: writes.index(("DELETE", "datamovers.datamover.io", None))]
    of_mover = [(method, spec) for method, name, spec in before if name == "again"]
    assert of_mover == [("PATCH", {"deletionPolicy": "Retain"}), ("DELETE", None)]
    assert ("DELETE", world.account, None) in before


def test_release_ends_when_the_crds_are_gone_and_names_those_that_stay(own_plane: ControlPlane) -> None:
    """The operator goes after it, and may be needed until then."""
    crd = "datamovers.datamover.io"

    def hold(*finalizers: str) -> None:
        patch = json.dumps({"metadata": {"finalizers": finalizers}})
        own_plane.kubectl("patch", "crd", crd, "--type=merge", f"--patch={patch}")

    hold("test.invalid/hold")
    done = hurried_release(own_plane.kubeconfig)
    assert done.returncode == 1
    assert done.stderr.startswith("still there after 2 s: ")
    assert crd in done.stderr
    hold()
    done = chore("release", kubeconfig=own_plane.kubeconfig)
    assert done.returncode == 0, done.stderr
    assert own_plane.kubectl("get", "crds", "--output=name") == ""


def test_release_lists_page_by_page(proxy: ApiProxy, world: World) -> None:
    """All runs of a cluster at once would not fit into its memory."""
    world.create("DataMoverRun", "held", {"moverRef": {"name": "m"}}, finalizers=["datamover.io/cleanup"])
    asked = requests_to(proxy)
    assert hurried_release(proxy.kubeconfig).returncode == 1
    assert {kind for kind, _ in asked} >= {"datamovers", "datamoverruns"}
    assert [kind for kind, limit in asked if not 0 < limit <= 500] == []


def test_release_waits_for_runs_that_only_the_operator_can_let_go(kubeconfig: Path, world: World) -> None:
    spec: dict[str, object] = {"moverRef": {"name": "m"}}
    world.create("DataMoverRun", "held", spec, finalizers=["datamover.io/cleanup"])
    world.create("DataMoverRun", "waits", spec)
    done = hurried_release(kubeconfig)
    assert (done.returncode, done.stderr) == (1, f"still there after 2 s: {world.namespace}/held\n")


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ((), 2, "usage: python -m datamover_operator.chores apply FILE | release"),
        (("apply", "missing.yaml"), 1, "No such file"),
        (("apply", "pod.yaml"), 1, "kind is Pod; must be one of DataMover, DataMoverRun, DataMoverAccount"),
        (("apply", "list.yaml"), 1, "kind is None; must be one of DataMover, DataMoverRun, DataMoverAccount"),
        (("apply", "broken.yaml"), 1, "broken.yaml: is no YAML"),
        (("apply", "nameless.yaml"), 1, "nameless.yaml: a DataMoverAccount has no metadata.name"),
        (("apply", "refused.yaml"), 1, "spec.accountId"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    kubeconfig: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    account = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "metadata": {"name": "x"}}
    for name, text in {
        "pod": "kind: Pod\n",
        "list": "[1, 2]\n",
        "broken": "kind: [\n",
        "nameless": "kind: DataMoverAccount\n",
        "refused": yaml.safe_dump(account | {"spec": {"accountId": "1", "region": "eu-central-1"}}),
    }.items():
        (tmp_path / f"{name}.yaml").write_text(text)
    placed = [str(tmp_path / each) if each.endswith(".yaml") else each for each in arguments]
    done = chore(*placed, kubeconfig=kubeconfig)
    assert done.returncode == status
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_release_names_what_stays(kubeconfig: Path, world: World) -> None:
    """Nobody is there to take the finalizer off."""
    spec = MOVER | {"accountRef": {"name": world.account}}
    world.create("DataMover", "kept", spec, finalizers=["datamover.io/cleanup"])
    done = hurried_release(kubeconfig, seconds=8)  # it has to patch and delete it within that
    assert done.returncode == 1
    assert done.stderr == f"still there after 8 s: {world.namespace}/kept\n"
    found = world.get("DataMover", "kept")
    assert found is not None
    assert found["spec"]["deletionPolicy"] == "Retain"
    world.patch("DataMover", "kept", {"metadata": {"finalizers": []}})
