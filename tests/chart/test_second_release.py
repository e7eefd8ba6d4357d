"""Two releases never manage the same movers: helm refuses the second one, on a real API server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CHART
from tests.support.helm import HelmError, helm

Install = Callable[..., str]


@pytest.fixture(scope="module")
def install(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Install]:
    """Installs a release, or brings it to other values, in a namespace that is named like it."""
    with ControlPlane(tmp_path_factory.mktemp("control-plane")) as plane:

        def begin(release: str, *watched: str, crds: bool = False) -> str:
            for namespace in watched:
                ensured = f"--dry-run=client --output=yaml create namespace {namespace}".split()
                plane.kubectl("apply", "-f", write(tmp_path_factory, plane.kubectl(*ensured)))
            where = ("--namespace", release, "--create-namespace")
            values = {"watchNamespaces": list(watched), "crds": {"install": crds}}
            return helm("upgrade", "--install", release, CHART, *where, kubeconfig=plane.kubeconfig, values=values)

        yield begin


def write(folders: pytest.TempPathFactory, text: str) -> str:
    path: Path = folders.mktemp("manifest") / "manifest.yaml"
    path.write_text(text)
    return str(path)


def test_a_second_release_needs_namespaces_of_its_own(install: Install) -> None:
    install("first", "team-a", "team-b", crds=True)
    with pytest.raises(HelmError, match=r"release first/first manages the movers of team-a,team-b already"):
        install("second", "team-b", "team-c")
    with pytest.raises(HelmError, match=r"give each release namespaces of its own \(this one: every namespace\)"):
        install("second")
    install("second", "team-c")
    install("second", "team-c", "team-d")
    install("first", "team-a", crds=True)
    install("second", "team-b")
    with pytest.raises(HelmError, match="release second/second manages the movers of team-b already"):
        install("first", crds=True)
