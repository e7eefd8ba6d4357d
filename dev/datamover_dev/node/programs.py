"""What makes this machine a node: programs from source, and packages of the distribution."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from datamover_dev.controlplane.programs import Program
from datamover_dev.errors import SetupError
from datamover_dev.paths import DEV

_FOLDER = DEV / "node"

KUBELET = Program("kubelet", "k8s.io/kubernetes/cmd/kubelet", _FOLDER)
KUBE_PROXY = Program("kube-proxy", "k8s.io/kubernetes/cmd/kube-proxy", _FOLDER)
KUBE_SCHEDULER = Program("kube-scheduler", "k8s.io/kubernetes/cmd/kube-scheduler", _FOLDER)
PAUSE = Program("pause", "./pause", _FOLDER)
COREDNS = Program("coredns", ".", DEV / "dns")

NODE_PROGRAMS = (KUBELET, KUBE_PROXY, KUBE_SCHEDULER, PAUSE, COREDNS)

_COMMANDS = ("containerd", "ctr", "runc", "iptables", "conntrack", "ip", "socat", "unshare")
CNI = Path("/usr/lib/cni")
PACKAGES = "containerd runc containernetworking-plugins iptables conntrack iproute2 socat ebtables ethtool"


def missing() -> str:
    """Return in one sentence what this machine lacks for a node; empty where it lacks nothing."""
    if os.geteuid() != 0:
        return "A node needs root: it makes namespaces, mounts and a bridge of its own."
    if not Path("/sys/fs/cgroup/memory").is_dir():
        return "The node is written for cgroup 1, and this machine has cgroup 2 alone; use kind or minikube."
    lacking = [command for command in _COMMANDS if shutil.which(command) is None]
    if lacking or not (CNI / "bridge").exists():
        names = ", ".join([*lacking, *(() if (CNI / "bridge").exists() else (str(CNI / "bridge"),))])
        return f"A node needs {names}; on Debian: apt-get install --no-install-recommends {PACKAGES}"
    return ""


def require() -> None:
    """See that a node can run here.

    Raises:
        SetupError: it can't; the message says what to do.
    """
    if lack := missing():
        raise SetupError(lack)
