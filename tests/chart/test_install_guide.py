"""docs/install.md and NOTES.txt are true: what they tell people to type works, on a real API server."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CHART, CHECKOUT
from tests.chart.values import ENABLED, KEYS
from tests.support.helm import Json, helm, program
from tests.support.notes import commands_in

SECTIONS = dict(re.findall(r"\n## (.+?)\n(.*?)(?=\n## |\Z)", (CHECKOUT / "docs" / "install.md").read_text(), re.DOTALL))
INGRESS = {"enabled": True, "hosts": ["a.example.com"]}
Type = Callable[[str], str]


@pytest.fixture
def type_(tmp_path: Path) -> Iterator[Type]:
    """A shell in a checkout, with a cluster that nobody has installed anything in. No pod runs there."""
    with ControlPlane(tmp_path / "control-plane") as plane:
        (tmp_path / "charts").symlink_to(CHART.parent)
        (tmp_path / "keys.txt").write_text("open sesame\n")
        programs = (program().parent, plane.binaries["kubectl"].parent, os.environ["PATH"])
        path = os.pathsep.join(map(str, programs))
        environment = {"PATH": path, "HOME": str(tmp_path), "KUBECONFIG": str(plane.kubeconfig)}

        def enter(script: str) -> str:
            command = ["bash", "-euc", script]
            done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            return done.stdout

        yield enter


def commands(section: str) -> str:
    """What a section has people type; pods are not waited for."""
    (block,) = re.findall(r"```text\n(.*?)```", SECTIONS[section], re.DOTALL)
    return str(block).replace(" --wait", "")


PATIENCE = 5
"""Seconds for a command of the notes: what waits for a pod waits in vain here."""


def type_notes(type_: Type, notes: str) -> str:
    """Type what the notes say; return what was printed. A command may wait for pods, but not fail."""
    told = ""
    for each in commands_in(notes):
        script = shlex.quote(f"set -eu\n{each}\n")
        told += type_(f"timeout {PATIENCE} bash -c {script} 2>&1 || test $? = 124")
    return told


def test_what_is_typed_to_install_it_works(type_: Type) -> None:
    notes = type_(commands("Try it on kind or minikube, without AWS"))
    assert "datamover.datamover.io/hello serverside-applied" in type_notes(type_, notes)

    type_(commands("The REST service"))
    assert type_("kubectl --namespace datamovers get role --output=name").startswith("role.rbac")
    assert "emulator" in type_(
        "kubectl --namespace datamover-system get deployments --output=name"
    )  # as it was set before

    notes = type_(commands("For some namespaces only")).rpartition("NOTES:")[2]  # the second release's
    assert "it manages movers in team-b." in notes
    assert "datamoveraccount.datamover.io/production serverside-applied" in type_notes(type_, notes)
    assert len(type_("helm list --all-namespaces --short").split()) == 2

    removals = re.findall(r"`(kubectl delete [^`]+)`", SECTIONS["Uninstalling"].partition("With `crds.keep")[0])
    assert len(removals) == 3
    for each in removals:
        type_(" ".join(each.split()))
    assert "datamover.io" not in type_("kubectl get crds --output=name")


@pytest.mark.parametrize("beginning", ["kind create cluster", "make image"])
def test_the_readmes_five_lines_install_it(beginning: str, type_: Type) -> None:
    """Images and nodes apart, which these programs make: here they do nothing."""
    readme = (CHECKOUT / "README.md").read_text()
    typed = next(block for block in re.findall(r"```text\n(.*?)```", readme, re.DOTALL) if block.startswith(beginning))
    account = CHECKOUT / "config" / "samples" / "account.yaml"
    settings = "REGISTRY=registry.example.com REGION=eu-central-1 ROLE_ARN=arn:aws:iam::123456789012:role/operator"
    stubs = f"kind() {{ :; }}; make() {{ :; }}; docker() {{ :; }}; cp {account} account.yaml; {settings}\n"
    printed = type_(stubs + typed.replace(" --wait", ""))
    assert "STATUS: deployed" in printed
    deployment = type_("kubectl --namespace datamover-system get deployment datamover-operator --output=yaml")
    if beginning == "make image":
        assert "datamoveraccount.datamover.io/demo serverside-applied" in printed
        assert "image: registry.example.com/datamover-operator:0.1.0" in deployment
        assert "role-arn: arn:aws:iam" in type_(
            "kubectl --namespace datamover-system get serviceaccounts --output=yaml"
        )


def test_no_change_of_values_and_no_uninstall_without_its_hook_removes_a_crd(type_: Type) -> None:
    """The API server would remove every mover with it, and the operator what they made."""
    release = "helm upgrade --install movers charts/datamover-operator --set crds.keep=false"
    for removal in (f"{release},crds.install=false", "helm uninstall movers --no-hooks"):
        type_(release)
        type_(removal)
        assert type_("kubectl get crds --output=name").count(".datamover.io") == 4


@pytest.mark.parametrize(("keep", "install"), [(True, True), (False, True), (False, False)])
def test_notes_tell_what_an_uninstall_takes_along(keep: bool, install: bool, kubeconfig: Path) -> None:
    told = helm(
        "install",
        "movers",
        CHART,
        "--dry-run=server",
        "--take-ownership",
        kubeconfig=kubeconfig,
        values={"crds": {"keep": keep, "install": install}},
    )
    assert ("Uninstalling deletes the CRDs, every mover and every table sync in the cluster" in told) is (
        install and not keep
    )
    assert ("Uninstalling keeps " in told) is not (install and not keep)
    assert ("another release's CRDs" in told) is not install


@pytest.mark.parametrize(
    ("values", "wanted", "unwanted"),
    [
        ({}, [], ["REST service"]),
        (
            {"api": KEYS | ENABLED},
            ["at http://movers-datamover-operator-api.default.svc:80.", "from the keys in Secret keys"],
            ["through the Ingress", "api.trustedProxies"],
        ),
        (
            {"api": KEYS | ENABLED | {"tls": {"existingSecret": "tls"}, "ingress": INGRESS}},
            [
                "--insecure https://localhost:8000",
                "through the Ingress at http://a.example.com",
                "Set api.trustedProxies",
            ],
            [],
        ),
        (
            {"api": KEYS | ENABLED | {"ingress": INGRESS, "trustedProxies": ["10.0.0.0/8"]}},
            ["curl --retry 10 --retry-connrefused http://localhost:8000"],
            ["Set api.trustedProxies"],
        ),
    ],
)
def test_notes_tell_of_the_rest_service_where_it_is_on(
    values: Json, wanted: list[str], unwanted: list[str], kubeconfig: Path
) -> None:
    told = helm(
        "install", "movers", CHART, "--dry-run=server", "--take-ownership", kubeconfig=kubeconfig, values=values
    )
    assert [each for each in wanted if each not in told] == []
    assert [each for each in unwanted if each in told] == []
