"""The real things that tests stand on: an API server for each worker, a namespace for each test."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from tests.support.api import Api
from tests.support.cleaning import remove_custom_resources
from tests.support.kubectl import Kubectl


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


@pytest.fixture(scope="session")
def api(kubeconfig: Path) -> Iterator[Api]:
    """The API server, for requests that need no process each."""
    api = Api(kubeconfig)
    yield api
    api.close()


@pytest.fixture
def namespace(api: Api) -> Iterator[str]:
    """A fresh namespace; afterwards every custom resource of ours in the whole API server is removed."""
    name = f"test-{secrets.token_hex(4)}"
    api.create("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    remove_custom_resources(api)
    api.delete(f"/api/v1/namespaces/{name}")


@pytest.fixture
def kubectl(control_plane: ControlPlane, namespace: str) -> Kubectl:
    """The kubectl command in the test's namespace."""
    return Kubectl(control_plane.binaries["kubectl"], control_plane.kubeconfig, namespace)
