"""Movers and runs as a user writes them, and waiting for them."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from datamover_dev.node.cluster import NAMESPACE, RELEASE
from tests.support.kubectl import Kubectl
from tests.support.specs import JsonDict

PATIENCE = 120.0
SOURCE = "sample-source"


def mover(name: str, **spec: object) -> JsonDict:
    """A mover from the bucket sample-source to the bucket sample-<name>."""
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "metadata": {"name": name},
        "spec": {
            "accountRef": {"name": "sample"},
            "source": {"s3": {"s3BucketArn": f"arn:aws:s3:::{SOURCE}"}},
            "destination": {"s3": {"s3BucketArn": f"arn:aws:s3:::sample-{name}"}},
        }
        | spec,
    }


def run(name: str, of: str, **spec: object) -> JsonDict:
    """A run of a mover."""
    about = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverRun", "metadata": {"name": name}}
    return about | {"spec": {"moverRef": {"name": of}, **spec}}


def task_of(kubectl: Kubectl, name: str) -> str:
    """The ARN of a mover's task."""
    arn: str = kubectl.get("datamover", name)["status"]["taskArn"]
    return arn


def wait_ready(kubectl: Kubectl, name: str) -> None:
    """Wait until a mover is Ready."""
    kubectl("wait", "--for=condition=Ready", f"datamover/{name}", f"--timeout={PATIENCE:.0f}s", timeout=PATIENCE + 30)


def wait_phase(kubectl: Kubectl, name: str, phase: str) -> None:
    """Wait until a run is in a phase."""
    which = f"--for=jsonpath={{.status.phase}}={phase}"
    kubectl("wait", which, f"datamoverrun/{name}", f"--timeout={PATIENCE:.0f}s", timeout=PATIENCE + 30)


def leader(kubectl: Kubectl) -> str:
    """The name of the operator's pod that works; the Lease names it, with a suffix of the process's own."""
    holder = kubectl("get", "lease", RELEASE, f"--namespace={NAMESPACE}", "--output=jsonpath={.spec.holderIdentity}")
    return holder.strip().rpartition("-")[0]


def crash_leader(kubectl: Kubectl) -> None:
    """End the pod that works as a power cut would: SIGKILL to each of its processes, of which nobody is told.

    The node's processes are this machine's, too; the pod's uid is in the names of their cgroups.
    """
    where = f"--namespace={NAMESPACE}"
    uid = kubectl("get", "pod", leader(kubectl), where, "--output=jsonpath={.metadata.uid}").strip()
    assert uid
    killed = [pid for pid in _pids() if f"/pod{uid}/" in _cgroups(pid)]
    assert killed
    for pid in killed:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]


def _cgroups(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return ""  # it has ended meanwhile
