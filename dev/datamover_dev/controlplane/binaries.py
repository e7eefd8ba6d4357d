"""Find the control plane's programs on this machine, or have them built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from datamover_dev.controlplane.build import build
from datamover_dev.controlplane.programs import (
    CONTROL_PLANE,
    ETCD,
    KUBE_APISERVER,
    Program,
    kubernetes_version,
)
from datamover_dev.errors import SetupError

OLDEST_MINOR = 32
"""The oldest API server (1.32) that the resources' validation rules are written for."""

Binaries = Mapping[str, Path]
"""Paths by program name."""


def locate(programs: Iterable[Program] = CONTROL_PLANE) -> Binaries:
    """Return the path of each program: from KUBEBUILDER_ASSETS, PATH, or the cache, where it is built if missing.

    A folder serves only if it holds etcd and a kube-apiserver that is new enough; what else it lacks is built.

    Raises:
        SetupError: KUBEBUILDER_ASSETS does not serve, Go is missing, or a build failed.
    """
    folder = _given_folder() or _folder_on_path()
    found = {program.name: _in_folder(folder, program) or program.cached for program in programs}
    build(program for program in programs if found[program.name] == program.cached)
    return found


def folders(binaries: Binaries) -> list[Path]:
    """Return the folders to put on PATH so that these binaries are found."""
    return list(dict.fromkeys(path.parent for path in binaries.values()))


def _given_folder() -> Path | None:
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if not given:
        return None
    folder = Path(given).absolute()
    if complaint := _complaint(folder):
        raise SetupError(
            f"KUBEBUILDER_ASSETS={given}: {complaint}. Correct it, or unset it to have the control plane built."
        )
    return folder


def _folder_on_path() -> Path | None:
    """Only a complete folder counts: a stray kubectl says nothing about an API server."""
    apiserver = shutil.which(KUBE_APISERVER.name)
    if apiserver is None:
        return None
    folder = Path(apiserver).parent
    return None if _complaint(folder) else folder


def _complaint(folder: Path) -> str | None:
    for program in (ETCD, KUBE_APISERVER):
        if _in_folder(folder, program) is None:
            return f"{program.name} is not there"
    shown = subprocess.run(
        [folder / KUBE_APISERVER.name, "--version"], capture_output=True, text=True, check=False, timeout=30
    ).stdout.strip()
    version = re.search(r"v1\.(\d+)\.", shown)
    if version is None or int(version[1]) < OLDEST_MINOR:
        return f"its kube-apiserver is {shown or 'of no version'}; v1.{OLDEST_MINOR} to {kubernetes_version()} will do"
    return None


def _in_folder(folder: Path | None, program: Program) -> Path | None:
    if folder is None:
        return None
    path = folder / program.name
    return path if os.access(path, os.X_OK) and path.is_file() else None
