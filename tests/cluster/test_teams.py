"""docs/teams.md is true: who may do what by the chart's roles, and what a CI job types."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import yaml

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CHECKOUT
from tests.support.api import Api, JsonDict
from tests.support.helm import render
from tests.support.kubectl import Kubectl, KubectlError
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rights import identity
from tests.support.waiting import eventually

GUIDE = (CHECKOUT / "docs" / "teams.md").read_text()
CLUSTER_ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
CLUSTER_ROLE_BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
REVIEWS = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
READ = ["get", "list", "watch"]
WRITE = ["create", "update", "patch", "delete", "deletecollection"]


def block(language: str, heading: str) -> str:
    """The first block of a section of the guide."""
    section = GUIDE.split(f"\n## {heading}\n")[1]
    found = re.search(rf"^```{language}\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def team_roles(api: Api, namespace: str) -> Iterator[str]:
    """The chart's roles for teams are there; yields what their names begin with."""
    roles = render(namespace=namespace, only=["teams/rbac.yaml"])
    for role in roles:
        api.create(CLUSTER_ROLES, role)
    yield f"{namespace}-datamover-operator"
    for role in roles:
        api.delete(f"{CLUSTER_ROLES}/{role['metadata']['name']}")


def allowed(api: Api, group: str, verb: str, resource: str, namespace: str) -> bool:
    """Whether the group may do this in the namespace; with none, everywhere."""
    what, _, part = resource.partition("/")
    asked = {"group": "datamover.io", "resource": what, "subresource": part, "verb": verb, "namespace": namespace}
    review = api.create(REVIEWS, {"spec": {"user": "anna", "groups": [group], "resourceAttributes": asked}})
    answer: bool = review["status"]["allowed"]
    return answer


@pytest.mark.parametrize(("role", "verbs"), [("view", READ), ("edit", READ + WRITE), ("admin", READ + WRITE)])
def test_whoever_has_a_role_in_a_namespace_has_it_for_movers_and_runs(
    api: Api, namespace: str, team_roles: str, role: str, verbs: list[str]
) -> None:
    del team_roles
    binding = yaml.safe_load(block("yaml", "A team's namespace").replace("team-a", namespace))
    binding["roleRef"]["name"] = role
    api.create(f"/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/rolebindings", binding)
    for resource in ("datamovers", "datamoverruns"):
        for verb in verbs:
            eventually(
                partial(allowed, api, namespace, verb, resource, namespace),
                what=f"{role} may {verb} {resource}",
            )
    refused = [(verb, resource) for verb in WRITE if verb not in verbs for resource in ("datamovers", "datamoverruns")]
    refused += [(verb, part) for verb in WRITE for part in ("datamovers/status", "datamoverruns/status")]
    refused += [(verb, "datamoveraccounts") for verb in READ + WRITE]
    assert [each for each in refused if allowed(api, namespace, *each, namespace)] == []
    assert not allowed(api, namespace, "get", "datamovers", "default")


def test_accounts_are_read_by_whoever_is_bound_to_them(api: Api, namespace: str, team_roles: str) -> None:
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": namespace}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": f"{team_roles}-accounts-view"}
    name = f"{namespace}-accounts"
    api.create(CLUSTER_ROLE_BINDINGS, {"metadata": {"name": name}, "roleRef": role, "subjects": [group]})
    for verb in READ:
        eventually(partial(allowed, api, namespace, verb, "datamoveraccounts", ""), what=f"{verb} accounts")
    assert not any(allowed(api, namespace, verb, "datamoveraccounts", "") for verb in WRITE)
    api.delete(f"{CLUSTER_ROLE_BINDINGS}/{name}")


def test_a_ci_job_starts_a_run_and_waits_for_it_and_may_do_nothing_else(
    world: World, operator: Operators, control_plane: ControlPlane, api: Api, kubeconfig: Path, tmp_path: Path
) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    operator()
    world.s3_mover("nightly-reports")
    world.wait_ready("nightly-reports")
    heading = "A CI job that starts runs"
    rights = list(yaml.safe_load_all(block("yaml", heading).replace("team-a", world.namespace)))
    folder = tmp_path / "ci"
    folder.mkdir()
    kubectl = control_plane.binaries["kubectl"]
    with identity(api, kubeconfig, folder, rights) as whose:
        script = block("sh", heading).replace("team-a", world.namespace)
        environment = {"PATH": f"{kubectl.parent}:{os.environ['PATH']}", "HOME": str(folder), "KUBECONFIG": str(whose)}
        done = subprocess.run(
            ["bash", "-euc", script], env=environment, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
        assert "condition met" in done.stdout
        assert world.objects("dst") == {"a.txt": b"alpha"}
        ci = Kubectl(kubectl, whose, world.namespace)
        (run,) = ci("get", "datamoverruns", "--output=name").split()
        for refused in (
            ("get", "datamovers"),
            ("delete", run),
            ("patch", run, "--type=merge", '--patch={"spec":{"cancel":true}}'),
            ("get", "datamoverruns", "--all-namespaces"),
        ):
            with pytest.raises(KubectlError, match="orbidden"):
                ci(*refused)


def test_every_manifest_of_the_guide_is_accepted(kubectl: Kubectl) -> None:
    manifests: list[JsonDict] = [
        each
        for text in re.findall(r"^```yaml\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
        for each in yaml.safe_load_all(text.replace("team-a", kubectl.namespace))
    ]
    assert [each["kind"] for each in manifests][:2] == ["RoleBinding", "DataMoverAccount"]
    kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump_all(manifests))
