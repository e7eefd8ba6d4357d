"""What tools for GitOps do: they apply manifests client-side, again and again, and look for differences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from datamover_dev.paths import CHECKOUT
from tests.support.kubectl import Kubectl
from tests.support.specs import EVERYTHING_ACCOUNT, EVERYTHING_MOVER, EVERYTHING_RUN, EVERYTHING_SYNC, mover, run

TERSE = (
    mover("terse", tags=[{"key": "team"}], includes=[{"value": "/a"}], excludes=[{"value": "*.tmp"}]),
    run(includes=[{"value": "/a"}], excludes=[{"value": "*.tmp"}]),
)
SAMPLES = sorted((CHECKOUT / "config" / "samples").glob("*.yaml"))


def _samples() -> list[dict[str, Any]]:
    return [each for path in SAMPLES for each in yaml.safe_load_all(path.read_text()) if each is not None]


@pytest.mark.parametrize(
    "manifests",
    [TERSE, (EVERYTHING_MOVER, EVERYTHING_RUN, EVERYTHING_SYNC, EVERYTHING_ACCOUNT), _samples()],
    ids=["least items of lists", "everything", "samples"],
)
def test_what_was_applied_differs_in_nothing(kubectl: Kubectl, manifests: list[dict[str, Any]], tmp_path: Path) -> None:
    ours = [each for each in manifests if each["apiVersion"].startswith("datamover.io/")]
    file = tmp_path / "manifests.yaml"
    file.write_text(yaml.safe_dump_all(_without_namespace(each) for each in ours))
    kubectl("apply", f"--filename={file}")
    try:
        assert kubectl("diff", f"--filename={file}") == "", "kubectl diff tells of differences by its exit code, too"
        assert {line.split()[-1] for line in kubectl("apply", f"--filename={file}").splitlines()} == {"unchanged"}
    finally:
        kubectl("delete", f"--filename={file}", "--wait=false")


def _without_namespace(manifest: dict[str, Any]) -> dict[str, Any]:
    metadata = {name: value for name, value in manifest["metadata"].items() if name != "namespace"}
    return manifest | {"metadata": metadata}
