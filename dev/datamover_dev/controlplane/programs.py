"""Which programs are built from which Go module, and how."""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.paths import DEV, cache_folder

KUBERNETES_MODULE = "k8s.io/kubernetes"


@dataclass(frozen=True)
class Program:
    """A program and the Go package that it is built from; `folder` holds the go.mod that pins it."""

    name: str
    package: str
    folder: Path = DEV / "controlplane"

    @property
    def cached(self) -> Path:
        """Where the built program is kept; a change of the pinned versions leads to another folder."""
        return cache_folder() / f"{self.folder.name}-{_fingerprint(self.folder)}" / self.name


ETCD = Program("etcd", "go.etcd.io/etcd/server/v3")
KUBE_APISERVER = Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver")
KUBE_CONTROLLER_MANAGER = Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager")
KUBECTL = Program("kubectl", "k8s.io/kubernetes/cmd/kubectl")
HELM = Program("helm", "helm.sh/helm/v3/cmd/helm", folder=DEV / "helm")

CONTROL_PLANE = (ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBECTL)


@functools.cache
def kubernetes_version() -> str:
    """Return the pinned Kubernetes version, such as "v1.34.4"."""
    text = (DEV / "controlplane" / "go.mod").read_text()
    found = re.search(rf"^\s*{re.escape(KUBERNETES_MODULE)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"dev/controlplane/go.mod requires no {KUBERNETES_MODULE}")
    return found[1]


def linker_flags() -> str:
    """Return the -ldflags: small binaries that know their version (clients check it)."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return " ".join(["-s -w", *(f"-X k8s.io/component-base/version.{name}={value}" for name, value in values.items())])


@functools.cache
def _fingerprint(folder: Path) -> str:
    pinned = (folder / "go.mod").read_bytes() + (folder / "go.sum").read_bytes()
    return hashlib.sha256(pinned).hexdigest()[:12]
