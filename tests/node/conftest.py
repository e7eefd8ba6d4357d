"""A real cluster with a real node, once for all tests here; they change one release, so they run in order."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from dataclasses import replace

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.node.cluster import NAMESPACE, Cluster, Emulated
from datamover_dev.node.programs import missing
from tests.node.aws import Aws
from tests.support.helm import render
from tests.support.kubectl import Kubectl
from tests.support.movers import ACCOUNT_ID
from tests.support.rest import KEY

WANTED = "NODE_TESTS" in os.environ
LIVELY = {
    "runPollIntervalSeconds": 0.2,
    "runStatusPaceSeconds": 0,
    "settlingSeconds": 20,
    "awsCallTimeoutSeconds": 15,
    "leaseSeconds": 5,
}
AWS = "datamover-operator-aws"
"""The emulator stands for AWS, so it does not come and go with the release."""

EMULATOR_PORT = 4566
CREDENTIALS = [{"name": name, "value": "local"} for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
VALUES: dict[str, dict[str, object]] = {
    "aws": {"region": "eu-central-1", "endpointUrl": f"http://{AWS}-emulator.{NAMESPACE}.svc:{EMULATOR_PORT}"},
    "operator": {"settings": LIVELY, "extraEnv": CREDENTIALS},
    "api": {"enabled": True, "keys": {"existingSecret": "rest-keys"}, "namespaces": ["default"]},
    "networkPolicy": {"enabled": True, "egressPorts": [443, 6443, EMULATOR_PORT]},
}
"""What a user would install, with NetworkPolicies, and the emulator in AWS's place."""

RUNNING = pytest.StashKey[Cluster]()

collect_ignore_glob = [] if WANTED else ["test_*.py"]
"""They take minutes, root and the node's packages, so `make test-node` alone asks for them."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say in one line why a machine can't run them."""
    if reason := missing():
        for item in items:
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """The cluster; nothing is installed on it yet."""
    with Cluster(tmp_path_factory.mktemp("cluster"), say=print) as running:
        request.session.stash[RUNNING] = running
        yield running


@pytest.fixture(scope="session")
def on_node(cluster: Cluster) -> Kubectl:
    """kubectl in namespace default."""
    return Kubectl(cluster.control_plane.binaries["kubectl"], cluster.control_plane.kubeconfig, "default")


@pytest.fixture(scope="session")
def emulated(cluster: Cluster, on_node: Kubectl) -> Iterator[Emulated]:
    """The emulator in its pod."""
    cluster.make_namespace()
    objects = render({"dev": {"enabled": True}}, namespace=NAMESPACE, release=AWS, only=["dev/emulator.yaml"])
    replace(on_node, namespace=NAMESPACE).apply(*objects)
    on_node("rollout", "status", f"deployment/{AWS}-emulator", f"--namespace={NAMESPACE}", "--timeout=120s")
    with Emulated(cluster, AWS) as emulated:
        yield emulated


@pytest.fixture(scope="session")
def aws(emulated: Emulated) -> Aws:
    """What there is in AWS."""
    return Aws(emulated.endpoint)


@pytest.fixture(scope="session")
def installed(cluster: Cluster, emulated: Emulated, on_node: Kubectl) -> Cluster:
    """The cluster with the chart, and an account that everybody may use."""
    del emulated
    keys = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "rest-keys"}, "stringData": {"keys": KEY}}
    replace(on_node, namespace=NAMESPACE).apply(keys)
    cluster.install(VALUES)
    grants = [{"namespaces": ["*"], "locations": ["*"], "roleArns": ["*"]}]
    spec = {"accountId": ACCOUNT_ID, "region": "eu-central-1", "grants": grants, "rest": {"namespace": "default"}}
    about = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "metadata": {"name": "sample"}}
    on_node.apply(about | {"spec": spec | {"org": "sample"}})
    return cluster


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failed test how the pods are and what they said."""
    report = yield
    running = item.session.stash.get(RUNNING, None)
    if report.failed and running is not None:
        for what in (
            ("get", "datamoveraccounts,datamovers,datamoverruns,pods", "--all-namespaces", "--output=wide"),
            ("get", "events", f"--namespace={NAMESPACE}", "--sort-by=.lastTimestamp"),
            ("logs", f"--namespace={NAMESPACE}", "--selector=app.kubernetes.io/component", "--tail=60", "--prefix"),
        ):
            try:
                told = running.control_plane.kubectl(*what)
            except SetupError as error:
                told = str(error)
            report.sections.append((f"kubectl {what[0]}", told))
    return report
