"""Run helm as a user would."""

from __future__ import annotations

import functools
import os
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml

from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.programs import HELM, kubernetes_version
from datamover_dev.paths import CHART

Json = dict[str, Any]


class HelmError(Exception):
    """helm failed; `str()` is what it printed on standard error."""


@functools.cache
def program() -> Path:
    """The helm that dev/helm/go.mod pins, built where it is missing."""
    return locate([HELM])[HELM.name]


def helm(*arguments: str | Path, kubeconfig: Path | None = None, values: Json | None = None) -> str:
    """Return what `helm <arguments>` printed; raise HelmError where it failed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("HELM_", "KUBECONFIG"))}
    if kubeconfig is not None:
        environment["KUBECONFIG"] = str(kubeconfig)
    given = () if values is None else ("--values=-",)
    done = subprocess.run(
        [program(), *arguments, *given],
        input=yaml.safe_dump(values or {}),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )
    if done.returncode != 0:
        raise HelmError(done.stderr.strip())
    return done.stdout


def render(
    values: Json | None = None,
    *,
    namespace: str = "datamover-system",
    release: str = "datamover-operator",
    only: Iterable[str] = (),
) -> list[Json]:
    """Return the objects that the chart makes of `values`; `only` names templates."""
    # Without a cluster helm takes the oldest Kubernetes it knows for the one it speaks to.
    shown = [f"--show-only=templates/{name}" for name in only]
    version = f"--kube-version={kubernetes_version()}"
    text = helm("template", release, CHART, f"--namespace={namespace}", version, *shown, values=values or {})
    # CRDs make the text long: libyaml's parser takes a sixth of the time.
    return [document for document in yaml.load_all(text, Loader=yaml.CSafeLoader) if document]
