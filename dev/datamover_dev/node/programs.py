"""What makes this machine a node: programs from source, and packages of the distribution."""

from __future__ import annotations

import os
import shutil
import subprocess
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
CGROUP_1 = Path("/sys/fs/cgroup/memory")
TRY_TIMEOUT = 30.0
PACKAGES = "containerd runc containernetworking-plugins iptables conntrack iproute2 socat ebtables ethtool"


def lacking() -> str:
    """Return in one sentence what its user can give this machine so that it can be a node; empty where nothing is."""
    if os.geteuid() != 0:
        return "A node needs root: it makes namespaces, mounts and a bridge of its own."
    absent = [command for command in _COMMANDS if shutil.which(command) is None]
    absent += [] if (CNI / "bridge").exists() else [str(CNI / "bridge")]
    if absent:
        return f"A node needs {', '.join(absent)}; on Debian: apt-get install --no-install-recommends {PACKAGES}"
    return ""


def denied() -> str:
    """Return in one sentence what this machine denies even root, who alone may ask; empty where a node can be.

    A container without rights of its own, or a kernel without a part that pods need: no program can mend that.
    """
    if not CGROUP_1.is_dir():
        return "The node is written for cgroup 1, and this machine has cgroup 2 alone; use kind or minikube."
    tried = subprocess.run([_FOLDER / "try.sh"], capture_output=True, text=True, check=False, timeout=TRY_TIMEOUT)
    if tried.returncode != 0:
        return f"This machine cannot run a node: {' '.join(tried.stderr.split())}"
    return ""


def require() -> None:
    """See that a node can run here.

    Raises:
        SetupError: it can't; the message says what to do.
    """
    if complaint := lacking() or denied():
        raise SetupError(complaint)
