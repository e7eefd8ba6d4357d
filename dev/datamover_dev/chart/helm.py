"""Run the helm that dev/helm/go.mod pins."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.programs import HELM
from datamover_dev.errors import SetupError


def helm(*arguments: str | Path, kubeconfig: Path | None = None, values: Mapping[str, object] | None = None) -> str:
    """Run it, and return what it printed; `values` are given to it as a file.

    Raises:
        SetupError: it failed; the message holds its error output.
    """
    given = () if values is None else ("--values=-",)
    done = subprocess.run(
        [locate([HELM])[HELM.name], *arguments, *given],
        input=json.dumps(values or {}),
        env={**os.environ, **({} if kubeconfig is None else {"KUBECONFIG": str(kubeconfig)})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"helm {' '.join(map(str, arguments))} failed:\n{(done.stderr or done.stdout).strip()}")
    return done.stdout
