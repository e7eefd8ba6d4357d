"""What tests on the whole stack start from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator, Iterator
from pathlib import Path

import pytest

from datamover_common.kube.client import KubeClient
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.emulator import Emulator
from tests.support.kube import connected
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import REST_SERVICES, Client, RestServices
from tests.support.rights import identity, of_the_rest_service


@pytest.fixture
def world(api: Api, emulator: Emulator, namespace: str) -> World:
    """A namespace beside an empty AWS account."""
    return World(api, emulator, namespace)


@pytest.fixture
def ready(world: World, operator: Operators) -> World:
    """A Ready mover `m` from bucket src, which holds an object, to bucket dst."""
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    operator()
    world.s3_mover()
    world.wait_ready()
    return world


@pytest.fixture
async def client(proxy: ApiProxy) -> AsyncIterator[KubeClient]:
    """The operator's client of Kubernetes, through `proxy`."""
    client = connected(proxy.kubeconfig)
    yield client
    await client.close()


@pytest.fixture
def rest_services(
    request: pytest.FixtureRequest, api: Api, kubeconfig: Path, namespace: str, tmp_path: Path
) -> Iterator[RestServices]:
    """Starts REST services with the chart's rights: `rest_services()` gives a client of a new one.

    Their logs are shown where a test fails.
    """
    folder = tmp_path / "rest"
    folder.mkdir()
    with identity(api, kubeconfig, folder, of_the_rest_service(namespace)) as own:
        services = RestServices(own, folder)
        request.node.stash[REST_SERVICES] = services
        yield services
        services.stop()
        assert services.leaks() == []


@pytest.fixture
def rest_proxy(rest_services: RestServices, tmp_path: Path) -> Iterator[ApiProxy]:
    """A way to the API server on which a service's writes can be lost."""
    with ApiProxy(rest_services.kubeconfig, tmp_path) as running:
        yield running


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the services' logs with a failed test."""
    report = yield
    services = item.stash.get(REST_SERVICES, None)
    if report.failed and services is not None:
        report.sections.append(("REST service logs", services.logs()))
    return report


@pytest.fixture
def rest(world: World, operator: Operators, rest_services: RestServices) -> Client:
    """A client of the whole stack: the account serves the test's namespace by REST; buckets src and dst are there."""
    world.bucket("src", {"a.txt": b"alpha", "b/c.txt": b"charlie"})
    world.bucket("dst")
    world.grant_all(rest={"namespace": world.namespace}, org="spindev")
    operator()
    return rest_services()
