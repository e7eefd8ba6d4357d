"""The chart as an OCI artifact: packaged, pushed to a registry, installed from there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from datamover_dev.chart.package import package
from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.controlplane.programs import REGISTRY
from datamover_dev.processes import Managed
from tests.support.helm import helm


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[str]:
    """A registry's address."""
    configuration = tmp_path / "registry.yaml"
    storage = {"filesystem": {"rootdirectory": str(tmp_path / "registry")}}
    configuration.write_text(
        yaml.safe_dump({"version": 0.1, "storage": storage, "http": {"addr": "127.0.0.1:0"}, "log": {"level": "info"}})
    )
    log = tmp_path / "registry.log"
    command: list[str | Path] = [locate([REGISTRY])[REGISTRY.name], "serve", configuration]
    process = Managed("registry", command, log=log, environment={"OTEL_TRACES_EXPORTER": "none"})

    def address() -> str:
        found = re.search(r"listening on (127\.0\.0\.1:\d+)", log.read_text())
        return found[1] if found else ""

    try:
        process.until(lambda: address() != "", "listening", 60)
        yield address()
    finally:
        process.terminate()


def test_the_package_is_pushed_to_a_registry_and_installed_from_there(registry: str, tmp_path: Path) -> None:
    packaged = package(tmp_path / "dist")
    version = yaml.safe_load(helm("show", "chart", packaged))["version"]
    assert packaged.name == f"datamover-operator-{version}.tgz"
    where = f"oci://{registry}/charts"
    helm("push", packaged, where, "--plain-http")
    with ControlPlane(tmp_path / "control-plane") as plane:
        chart = f"{where}/datamover-operator"
        into = ("--namespace", "datamover-system", "--create-namespace")
        told = helm(
            "install", "movers", chart, "--version", version, "--plain-http", *into, kubeconfig=plane.kubeconfig
        )
        assert "The DataMover operator is installed in namespace datamover-system" in told
        assert plane.kubectl("get", "crds", "--output=name").count(".datamover.io") == 4
