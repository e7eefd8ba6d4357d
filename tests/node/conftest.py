"""A real cluster with a real node, once for all tests here; they change one release, so they run in order."""

from __future__ import annotations

import os
import signal
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, ExitStack
from dataclasses import replace
from pathlib import Path

import pytest

from datamover_dev.errors import SetupError
from datamover_dev.images.build import lacking as lacking_builder
from datamover_dev.node.cluster import NAMESPACE, RELEASE, Cluster, EmulatorPod
from datamover_dev.node.programs import denied, lacking
from tests.node.aws import Aws
from tests.node.conditions import Lacking, Machine, reason_to_skip
from tests.node.objects import SOURCE
from tests.support.certificates import write_certificate
from tests.support.helm import render
from tests.support.kubectl import Kubectl
from tests.support.movers import ACCOUNT_ID
from tests.support.rest import KEY
from tests.support.specs import JsonDict

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
HOST = f"{RELEASE}-api.{NAMESPACE}.svc"
"""The REST service in the cluster."""

VALUES: dict[str, dict[str, object]] = {
    "aws": {"region": "eu-central-1", "endpointUrl": f"http://{AWS}-emulator.{NAMESPACE}.svc:{EMULATOR_PORT}"},
    "operator": {"settings": LIVELY, "extraEnv": CREDENTIALS},
    "api": {
        "enabled": True,
        "keys": {"existingSecret": "rest-keys"},
        "namespaces": ["default"],
        "tls": {"existingSecret": "rest-tls"},
        "autoscaling": {"enabled": True},
        "ingress": {"enabled": True, "hosts": ["movers.example.test"]},
    },
    "networkPolicy": {"enabled": True, "egressPorts": [443, 6443, EMULATOR_PORT], "apiServerCIDRs": ["10.0.0.0/8"]},
}
"""What a user would install, with all that is optional, and the emulator in AWS's place."""

SKIPPED = pytest.StashKey[str]()
RUNNING = pytest.StashKey[Cluster]()

collect_ignore_glob = [] if WANTED else ["test_*.py"]
"""They take minutes, root and the node's packages, so `make test-node` alone asks for them."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Say in one line why a machine can't run them; where CI lacks what can be had, that is a failure."""
    here = [item for item in items if item.path.parent == Path(__file__).parent]
    if not here:
        return  # a run of other tests, which finds this file all the same
    lack = lacking() or lacking_builder()
    try:
        reason = reason_to_skip(Machine(lack, "" if lack else denied(), in_ci="CI" in os.environ))
    except Lacking as lacks:
        raise pytest.UsageError(str(lacks)) from lacks
    if reason:
        config.stash[SKIPPED] = reason
        for item in here:
            item.add_marker(pytest.mark.skip(reason=reason))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Nobody shall take it for tested."""
    if reason := config.stash.get(SKIPPED, ""):
        terminalreporter.write_line(f"NOT TESTED on a real node: {reason}", red=True, bold=True)


@pytest.fixture(scope="session")
def orderly_end() -> Iterator[None]:
    """Take everything down also when told to end (SIGTERM), as a time limit does it."""

    def interrupt(signal_number: int, frame: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # once is enough: make and a time limit both send it
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture(scope="session")
def cluster(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, orderly_end: None
) -> Iterator[Cluster]:
    """The cluster; nothing is installed on it yet."""
    cluster = Cluster(tmp_path_factory.mktemp("cluster"), say=print)
    with ExitStack() as running:
        with shown(request.config):  # the first time, it builds for minutes
            running.enter_context(cluster)
        request.session.stash[RUNNING] = cluster
        yield cluster


def shown(config: pytest.Config) -> AbstractContextManager[None]:
    """Let through what is printed meanwhile."""
    capturing = config.pluginmanager.getplugin("capturemanager")
    disabled: AbstractContextManager[None] = capturing.global_and_fixture_disabled()
    return disabled


@pytest.fixture(scope="session")
def on_node(cluster: Cluster) -> Kubectl:
    """kubectl in namespace default."""
    return Kubectl(cluster.control_plane.binaries["kubectl"], cluster.control_plane.kubeconfig, "default")


@pytest.fixture(scope="session")
def emulator_pod(cluster: Cluster, on_node: Kubectl) -> Iterator[EmulatorPod]:
    """The emulator in its pod."""
    cluster.make_namespace()
    objects = render({"dev": {"enabled": True}}, namespace=NAMESPACE, release=AWS, only=["dev/emulator.yaml"])
    replace(on_node, namespace=NAMESPACE).apply(*objects)
    on_node("rollout", "status", f"deployment/{AWS}-emulator", f"--namespace={NAMESPACE}", "--timeout=120s")
    with EmulatorPod(cluster, AWS) as emulator_pod:
        yield emulator_pod


@pytest.fixture(scope="session")
def aws(emulator_pod: EmulatorPod) -> Aws:
    """What there is in AWS."""
    return Aws(emulator_pod.endpoint)


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The REST service's certificate, which its clients trust; its key is beside it."""
    certificate = tmp_path_factory.mktemp("tls") / "tls.crt"
    write_certificate(certificate, certificate.with_suffix(".key"), HOST)
    return certificate


@pytest.fixture(scope="session")
def installed(cluster: Cluster, aws: Aws, on_node: Kubectl, authority: Path) -> Cluster:
    """The cluster with the chart, an account that everybody may use, and a bucket to copy from."""
    aws.bucket(SOURCE, small=b"small", other=b"other")
    pair = {path.name: path.read_text() for path in (authority, authority.with_suffix(".key"))}
    replace(on_node, namespace=NAMESPACE).apply(
        secret("rest-keys", "Opaque", {"keys": KEY}), secret("rest-tls", "kubernetes.io/tls", pair)
    )
    cluster.install(VALUES)
    grants = [{"namespaces": ["*"], "locations": ["*"], "roleArns": ["*"]}]
    spec = {"accountId": ACCOUNT_ID, "region": "eu-central-1", "grants": grants, "rest": {"namespace": "default"}}
    about = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "metadata": {"name": "sample"}}
    on_node.apply(about | {"spec": spec | {"org": "sample"}})
    return cluster


def secret(name: str, kind: str, content: dict[str, str]) -> JsonDict:
    """A Secret as a user writes it."""
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "type": kind, "stringData": content}


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
