"""Which programs are built from which Go module, and how."""

from __future__ import annotations

import functools
import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.paths import DEV, cache_folder

KUBERNETES_MODULE = "k8s.io/kubernetes"


def _pinned(folder: Path, module: str) -> str:
    """Return the version of a module that the folder's go.mod requires."""
    text = (folder / "go.mod").read_text()
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise ValueError(f"{folder.name}/go.mod requires no {module}")
    return found[1]


@functools.cache
def kubernetes_version() -> str:
    """Return the pinned Kubernetes version, such as "v1.34.4"."""
    return _pinned(DEV / "controlplane", KUBERNETES_MODULE)


def _of_kubernetes() -> Mapping[str, str]:
    """Variables that tell Kubernetes' programs their version: clients check it."""
    version = kubernetes_version()
    major, minor, _ = version.removeprefix("v").split(".", 2)
    values = {"gitVersion": version, "gitMajor": major, "gitMinor": minor}
    return {f"k8s.io/component-base/version.{name}": value for name, value in values.items()}


def _of_helm() -> Mapping[str, str]:
    """Variables that tell Helm its version, and its client library's, for which `helm template` renders."""
    helm = "helm.sh/helm/v3"
    _, minor, _ = _pinned(DEV / "helm", "k8s.io/client-go").split(".", 2)
    packages = ("pkg/chartutil", "pkg/lint/rules")
    kubernetes = {
        f"{helm}/{each}.k8sVersion{part}": of for each in packages for part, of in (("Major", "1"), ("Minor", minor))
    }
    return {f"{helm}/internal/version.version": _pinned(DEV / "helm", helm), **kubernetes}


@dataclass(frozen=True)
class Program:
    """A program and the Go package that it is built from; `folder` holds the go.mod that pins it.

    versions: the variables that tell it versions, by their full names.
    """

    name: str
    package: str
    folder: Path = DEV / "controlplane"
    versions: Callable[[], Mapping[str, str]] = _of_kubernetes

    @property
    def cached(self) -> Path:
        """Where the built program is kept; other pinned versions or sources of ours lead to another folder."""
        return cache_folder() / f"{self.folder.name}-{self._fingerprint()}" / self.name

    @property
    def linker_flags(self) -> str:
        """The -ldflags: small binaries that know their versions."""
        return " ".join(["-s -w", *(f"-X {name}={value}" for name, value in self.versions().items())])

    def _fingerprint(self) -> str:
        pinned = [self.folder / "go.mod", self.folder / "go.sum"]
        ours = sorted((self.folder / self.package).glob("*.go")) if self.package.startswith(".") else []
        told = b"" if self.versions is _of_kubernetes else self.linker_flags.encode()
        return hashlib.sha256(b"".join(path.read_bytes() for path in (*pinned, *ours)) + told).hexdigest()[:12]


ETCD = Program("etcd", "go.etcd.io/etcd/server/v3")
KUBE_APISERVER = Program("kube-apiserver", "k8s.io/kubernetes/cmd/kube-apiserver")
KUBE_CONTROLLER_MANAGER = Program("kube-controller-manager", "k8s.io/kubernetes/cmd/kube-controller-manager")
KUBECTL = Program("kubectl", "k8s.io/kubernetes/cmd/kubectl")
HELM = Program("helm", "helm.sh/helm/v3/cmd/helm", DEV / "helm", _of_helm)
DASHBOARD_CHECK = Program("dashboard-check", ".", DEV / "grafana")
REGISTRY = Program("registry", "github.com/distribution/distribution/v3/cmd/registry", DEV / "registry")

CONTROL_PLANE = (ETCD, KUBE_APISERVER, KUBE_CONTROLLER_MANAGER, KUBECTL)
