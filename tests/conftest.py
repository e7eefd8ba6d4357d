"""The real things that tests stand on: an API server for each worker, a namespace for each test."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from zlib import crc32

import pytest
from coverage import Coverage
from hypothesis import is_hypothesis_test, settings

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.cleaning import remove_custom_resources
from tests.support.emulator import Emulator, start_emulator
from tests.support.kubectl import Kubectl
from tests.support.operator_process import Operators
from tests.support.rest import REST_SERVICES, RestServices
from tests.support.rights import identity, in_one_namespace, of_the_rest_service
from tests.support.waiting import eventually

# A busy machine may take a second for what takes a millisecond; what hangs ends by pytest's own time-out.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")

OPERATORS = pytest.StashKey[Operators]()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mix the files, always in the same way: those that wait for processes side by side leave processors idle."""
    items.sort(key=lambda item: crc32(item.nodeid.partition("::")[0].encode()))


@pytest.fixture(scope="session")
def control_plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ControlPlane]:
    """A real control plane with our CRDs, one for each pytest worker.

    It takes three seconds, and tests in other workers can neither see nor disturb what is in it.
    """
    crds = CRDS if any(CRDS.glob("*.yaml")) else None
    with ControlPlane(tmp_path_factory.mktemp("control-plane"), crds=crds) as running:
        yield running


@pytest.fixture(scope="session")
def kubeconfig(control_plane: ControlPlane) -> Path:
    """The administrator's kubeconfig."""
    return control_plane.kubeconfig


@pytest.fixture
def proxy(kubeconfig: Path, tmp_path: Path) -> Iterator[ApiProxy]:
    """A way to the API server on which writes can be counted, held and lost."""
    with ApiProxy(kubeconfig, tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Iterator[Api]:
    """The API server, for requests that need no process each."""
    api = Api(kubeconfig)
    yield api
    api.close()


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A fresh namespace; afterwards every custom resource of ours in the whole API server is removed.

    The namespace stays: to delete one takes sixty requests, and nobody looks at it any more.
    """
    name = f"test-{secrets.token_hex(4)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    remove_custom_resources(api)


@pytest.fixture
def kubectl(control_plane: ControlPlane, namespace: str) -> Kubectl:
    """The kubectl command in the test's namespace."""
    return Kubectl(control_plane.binaries["kubectl"], control_plane.kubeconfig, namespace)


@pytest.fixture(scope="session")
def worker_emulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    """An emulator for each pytest worker; tests ask for `emulator`."""
    folder = tmp_path_factory.mktemp("emulator")
    with (folder / "log").open("w") as log, start_emulator(folder / "data", log=log) as running:
        yield running


@pytest.fixture
def emulator(worker_emulator: Emulator) -> Emulator:
    """An AWS with nothing in it: no resource, no file system, no fault, an empty journal."""
    worker_emulator.clear()
    root = worker_emulator.data_root

    def is_gone() -> bool:
        shutil.rmtree(root, ignore_errors=True)
        return not root.exists()

    eventually(is_gone, what="no execution of another test writes any more")
    root.mkdir()
    return worker_emulator


@pytest.fixture
def facade_services(
    request: pytest.FixtureRequest, api: Api, kubeconfig: Path, namespace: str, tmp_path: Path
) -> Iterator[RestServices]:
    """Starts REST services with the rights that the chart gives where every facade is on."""
    folder = tmp_path / "facades"
    folder.mkdir()
    rights = of_the_rest_service(namespace, "legacy", "labelStudio", "sync")
    with identity(api, kubeconfig, folder, rights) as own:
        services = RestServices(own, folder)
        request.node.stash[REST_SERVICES] = services
        yield services
        services.stop()
        assert services.leaks() == []


@pytest.fixture
def operator(
    request: pytest.FixtureRequest, api: Api, kubeconfig: Path, namespace: str, emulator: Emulator, tmp_path: Path
) -> Iterator[Operators]:
    """Starts operators on the test's namespace and emulator: `operator()`, `operator(settling_seconds=1)`.

    Each is a process that can be killed (`.kill()`) or asked to end (`.terminate()`). Their logs are shown where a
    test fails. They are the chart's ServiceAccount, with the rights that the chart grants in one namespace.
    """
    with identity(api, kubeconfig, tmp_path, in_one_namespace(namespace)) as whose:
        operators = Operators(whose, namespace, emulator.environment(), tmp_path)
        request.node.stash[OPERATORS] = operators
        yield operators
        operators.stop()


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Trace no test that runs the same code hundreds of times: it would take twice as long, and show nothing new."""
    tracing = Coverage.current()
    many_cases = is_hypothesis_test(pyfuncitem.obj) or pyfuncitem.get_closest_marker("untraced")
    if tracing is None or not many_cases:
        return (yield)
    tracing.stop()
    try:
        return (yield)
    finally:
        tracing.start()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the operators' logs with a failed test."""
    report = yield
    operators = item.stash.get(OPERATORS, None)
    if report.failed and operators is not None:
        report.sections.append(("operator logs", operators.logs()))
    return report
