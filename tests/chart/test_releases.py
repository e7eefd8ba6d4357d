"""What was written for a release before is still accepted; a new version comes as docs/api-versions.md says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from tests.support.helm import Json
from tests.support.kubectl import Kubectl, KubectlError

RELEASES = Path(__file__).parent / "releases"
MANIFESTS = sorted(RELEASES.glob("*/*.yaml"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_sample_of_every_release_is_accepted(manifest: Path, kubectl: Kubectl) -> None:
    text = manifest.read_text().replace("namespace: default", f"namespace: {kubectl.namespace}")
    assert "serverside-applied" in kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)


def crd(*versions: str, stores: str) -> Json:
    """The movers' CRD of a release that serves these versions."""
    made: Json = yaml.safe_load((CRDS / "datamover.io_datamovers.yaml").read_text())
    (only,) = made["spec"]["versions"]
    made["spec"]["versions"] = [only | {"name": name, "storage": name == stores} for name in versions]
    return made


def test_a_version_comes_in_two_releases_and_goes_back_one_at_a_time(tmp_path: Path) -> None:
    before = crd("v1alpha1", stores="v1alpha1")
    serves_it = crd("v1alpha1", "v1beta1", stores="v1alpha1")
    stores_it = crd("v1alpha1", "v1beta1", stores="v1beta1")
    manifest = (MANIFESTS[0].parent / "mover-s3-to-s3.yaml").read_text()
    with ControlPlane(tmp_path, crds=CRDS) as plane:
        kubectl = Kubectl(plane.binaries["kubectl"], plane.kubeconfig, "default")

        def become(release: Json) -> None:
            kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(release))
            kubectl("wait", "--for=condition=Established", "crd/datamovers.datamover.io")

        kubectl("apply", "--server-side", "-f", "-", stdin=manifest)
        for release in (serves_it, before, serves_it, stores_it, serves_it):
            become(release)
            assert "library-to-s3" in kubectl("get", "datamovers.v1alpha1.datamover.io")
        with pytest.raises(KubectlError, match=r'"v1beta1": missing from spec.versions'):
            become(before)
        assert "library-to-s3" in kubectl("get", "datamovers.v1alpha1.datamover.io")
