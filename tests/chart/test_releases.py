"""What was written for a release before is still accepted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.kubectl import Kubectl

RELEASES = Path(__file__).parent / "releases"
MANIFESTS = sorted(RELEASES.glob("*/*.yaml"))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_every_sample_of_every_release_is_accepted(manifest: Path, kubectl: Kubectl) -> None:
    text = manifest.read_text().replace("namespace: default", f"namespace: {kubectl.namespace}")
    assert "serverside-applied" in kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=text)
