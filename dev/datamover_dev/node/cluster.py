"""A whole local cluster: control plane and a real node that has our images, and what helm installs on it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from datamover_dev.chart.helm import helm
from datamover_dev.controlplane.binaries import Binaries, locate
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.controlplane.programs import CONTROL_PLANE, HELM
from datamover_dev.images.build import build_images
from datamover_dev.node.node import Node
from datamover_dev.node.programs import NODE_PROGRAMS, require
from datamover_dev.paths import CHART
from datamover_dev.processes import Managed
from datamover_dev.stack.environment import aws_environment

NAMESPACE = "datamover-system"
RELEASE = "datamover-operator"

TRY_OUT = {"dev": {"enabled": True}}
"""Values of the chart that need no AWS."""

_LOOK_INTERVAL = 1.0
_FORWARD_TIMEOUT = 30.0

Say = Callable[[str], None]


class Cluster:
    """Control plane and node. Use as a context manager; everything is in `folder`."""

    def __init__(self, folder: Path, *, say: Say) -> None:
        """Prepare; `say` is told about each step."""
        self.folder = folder.resolve()
        self.control_plane = ControlPlane(self.folder / "control-plane")
        self.images: list[Path] = []
        self._say = say
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Build what is missing, start everything, and return when the node is Ready.

        Raises:
            SetupError: this machine can't be a node, or a part does not start.
        """
        require()
        locate((*CONTROL_PLANE, *NODE_PROGRAMS, HELM))
        self.images = build_images(self._say)
        with ExitStack() as started:
            begun = time.monotonic()
            started.enter_context(self.control_plane)
            begun = self._tell("etcd, kube-apiserver, kube-controller-manager", begun)
            started.enter_context(Node(self.control_plane, self.folder / "node", self.images))
            self._tell("kubelet, containerd, kube-proxy, CoreDNS", begun)
            self._running = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Stop everything, the node first."""
        self._running.close()

    @property
    def programs(self) -> Binaries:
        """What a person types to use it."""
        return {**self.control_plane.binaries, **locate([HELM])}

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that lead kubectl and helm here."""
        return {"KUBECONFIG": str(self.control_plane.kubeconfig)}

    def wait(self) -> None:
        """Keep it up until a signal ends this process."""
        while True:
            time.sleep(_LOOK_INTERVAL)

    def helm(self, *arguments: str | Path, values: Mapping[str, object] | None = None) -> str:
        """Run helm as the administrator, and return what it printed; `values` are given to it as a file.

        Raises:
            SetupError: it failed; the message holds its error output.
        """
        return helm(*arguments, kubeconfig=self.control_plane.kubeconfig, values=values)

    def install(self, values: Mapping[str, object]) -> None:
        """Install the chart, or bring it to these values, and wait until all is ready."""
        self.make_namespace()
        begun = time.monotonic()
        where = (f"--namespace={NAMESPACE}", "--wait", "--timeout=5m")
        self.helm("upgrade", "--install", RELEASE, CHART, *where, values=values)
        self._tell("helm install", begun)

    def make_namespace(self) -> None:
        """Make the namespace for the chart; it enforces Pod Security's level `restricted`."""
        namespace = {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": NAMESPACE, "labels": {"pod-security.kubernetes.io/enforce": "restricted"}},
        }
        manifest = self.folder / "namespace.json"
        manifest.write_text(json.dumps(namespace))
        self.control_plane.kubectl("apply", "--server-side", "-f", str(manifest))

    def _tell(self, name: str, begun: float) -> float:
        now = time.monotonic()
        self._say(f"  {name:<48}{now - begun:5.1f} s")
        return now


class Forwarded:
    """A Service or pod of the chart's namespace at a port of this machine: `url`. Use as a context manager."""

    def __init__(self, cluster: Cluster, target: str, port: int, scheme: str = "http") -> None:
        """Prepare to forward a free port to this port of the target, such as service/NAME, which speaks this scheme."""
        self._cluster = cluster
        self._target = target
        self._port = port
        self._scheme = scheme
        self._log = cluster.folder / f"forward-{target.replace('/', '-')}.log"

    def __enter__(self) -> Self:
        """Begin.

        Raises:
            SetupError: it can't be reached.
        """
        kubectl = self._cluster.control_plane.binaries["kubectl"]
        where = [f"--kubeconfig={self._cluster.control_plane.kubeconfig}", f"--namespace={NAMESPACE}"]
        command: list[str | Path] = [kubectl, *where, "port-forward", self._target, f":{self._port}"]
        self._log.unlink(missing_ok=True)
        self._forwarder = Managed("kubectl port-forward", command, log=self._log)
        self._forwarder.until(lambda: self.url != "", "forwarding", _FORWARD_TIMEOUT)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the port."""
        self._forwarder.terminate()

    @property
    def url(self) -> str:
        """Where it is; empty before that."""
        found = re.search(r"(127\.0\.0\.1:\d+) ->", self._log.read_text())
        return f"{self._scheme}://{found[1]}" if found else ""


class EmulatorPod:
    """The emulator in a cluster as seen from outside: its endpoint and its file systems. Use as a context manager."""

    def __init__(self, cluster: Cluster, release: str = RELEASE) -> None:
        """Prepare to reach the emulator of this release of the chart."""
        self._cluster = cluster
        self._release = release
        self._forwarded = Forwarded(cluster, f"service/{release}-emulator", 4566)

    def __enter__(self) -> Self:
        """Forward a free port to it.

        Raises:
            SetupError: it can't be reached.
        """
        self._forwarded.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close the port."""
        self._forwarded.__exit__(kind, error, at)

    @property
    def endpoint(self) -> str:
        """Its address for AWS clients of this machine."""
        return self._forwarded.url

    @property
    def variables(self) -> dict[str, str]:
        """The variables that lead AWS clients to it."""
        return {**self._cluster.variables, **aws_environment(self.endpoint)}

    @property
    def data_root(self) -> Path:
        """Its file systems: an emptyDir volume is a folder of the node's, and the node's folders are this machine's."""
        chosen = f"--selector=app.kubernetes.io/component=emulator,app.kubernetes.io/instance={self._release}"
        kubectl = self._cluster.control_plane.kubectl
        uid = kubectl(
            "get", "pods", f"--namespace={NAMESPACE}", chosen, "--output=jsonpath={.items[0].metadata.uid}"
        ).strip()
        return self._cluster.folder / "node" / "kubelet" / "pods" / uid / "volumes" / "kubernetes.io~empty-dir" / "data"
