"""Join this machine, in a box of its own, to a running control plane as its one node."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from datamover_dev.controlplane.binaries import Binaries, locate
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.errors import SetupError
from datamover_dev.node import configuration
from datamover_dev.node.pause import write_pause_image
from datamover_dev.node.programs import COREDNS, KUBELET, NODE_PROGRAMS, PAUSE, require
from datamover_dev.paths import DEV
from datamover_dev.ports import ReservedPort
from datamover_dev.processes import Managed

NAME = "127.0.0.1"
"""The node's name: `kubectl logs`, `exec` and `port-forward` reach the kubelet by it, through a relay."""

API_ADDRESS = "192.0.2.1"
"""Where the box finds the API server; a documentation address (RFC 5737), because a loopback address is not allowed."""

START_TIMEOUT = 300.0
CGROUPS_TIMEOUT = 10.0

_BOX = "datamover-"
"""Begins the names of boxes; the owner's process id ends them."""


class Node:
    """A node. Use as a context manager; `folder` holds its configuration, images' contents and logs."""

    def __init__(self, control_plane: ControlPlane, folder: Path, images: Sequence[Path]) -> None:
        """Prepare; `images` are archives to import, for there is no registry."""
        self._control_plane = control_plane
        self._folder = folder.resolve()
        self._images = images
        self._running = ExitStack()

    def __enter__(self) -> Self:
        """Start it and wait until it is Ready.

        Raises:
            SetupError: something is missing on this machine, or the node does not become ready.
        """
        require()
        binaries = locate(NODE_PROGRAMS)
        with ReservedPort() as port:
            kubelet_port = port.number
        with ExitStack() as started:
            self._running = started
            self._prepare(kubelet_port, binaries[PAUSE.name])
            api_port = self._relay(kubelet_port)
            box = self._start_box(binaries, api_port, kubelet_port)
            box.until(self._is_ready, "Ready", START_TIMEOUT, interval=0.3)
            self._running = started.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """End the box, and with it every process in it; remove its cgroups."""
        self._running.close()

    def _prepare(self, kubelet_port: int, pause: Path) -> None:
        self._folder.mkdir(parents=True)
        shutil.copy(self._control_plane.kubeconfig, self._folder / "kubeconfig")
        configuration.write(self._folder, kubelet_port=kubelet_port)
        write_pause_image(self._folder / "pause.tar", pause, configuration.PAUSE_IMAGE)

    def _relay(self, kubelet_port: int) -> int:
        """Lead into the box what is meant for the kubelet, and out of it what is meant for the API server."""
        config = json.loads(self._control_plane.kubeconfig.read_text())
        server: str = config["clusters"][0]["cluster"]["server"]
        api_port = urlsplit(server).port
        assert api_port is not None  # noqa: S101 - ControlPlane writes it
        self._socat(f"UNIX-LISTEN:{self._folder}/api.sock,fork,unlink-early", f"TCP4:127.0.0.1:{api_port}")
        listen = f"TCP4-LISTEN:{kubelet_port},bind=127.0.0.1,fork,reuseaddr"
        self._socat(listen, f"UNIX-CONNECT:{self._folder}/kubelet.sock")
        self._publish_api(api_port)
        return api_port

    def _socat(self, *ends: str) -> None:
        relay = Managed("socat", [_command("socat"), *ends], log=self._folder / "relay.log")
        self._running.callback(relay.terminate)

    def _publish_api(self, api_port: int) -> None:
        """The API server itself would publish its loopback address, which is not allowed."""
        slice_of_api = {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {
                "name": "kubernetes",
                "namespace": "default",
                "labels": {"kubernetes.io/service-name": "kubernetes"},
            },
            "addressType": "IPv4",
            "endpoints": [{"addresses": [API_ADDRESS], "conditions": {"ready": True}}],
            "ports": [{"name": "https", "port": api_port, "protocol": "TCP"}],
        }
        manifest = self._folder / "kubernetes.json"
        manifest.write_text(json.dumps(slice_of_api))
        self._control_plane.kubectl("apply", "--server-side", "-f", str(manifest))

    def _start_box(self, binaries: Binaries, api_port: int, kubelet_port: int) -> Managed:
        _remove_left_cgroups()
        name = f"{_BOX}{os.getpid()}"
        environment = {
            "PATH": os.environ["PATH"],
            "NODE": str(self._folder),
            "BIN": str(binaries[KUBELET.name].parent),
            "DNS": str(binaries[COREDNS.name].parent),
            "API_PORT": str(api_port),
            "API_ADDRESS": API_ADDRESS,
            "KUBELET_PORT": str(kubelet_port),
            "IMAGES": "\n".join(map(str, [self._folder / "pause.tar", *self._images])),
        }
        command: list[str | Path] = [DEV / "node" / "enter.sh", name]
        self._running.callback(_remove_cgroups, name)
        box = Managed("node", command, log=self._folder / "box.log", environment=environment)
        self._running.callback(box.kill)  # unshare --kill-child: with it goes process 1, and with that the whole box
        return box

    def _is_ready(self) -> bool:
        try:
            told = self._control_plane.kubectl("get", "nodes", "--output=json")
        except SetupError:
            return False
        nodes = json.loads(told)["items"]
        conditions = [each for node in nodes for each in node["status"].get("conditions", ())]
        return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _command(name: str) -> Path:
    found = shutil.which(name)
    if found is None:
        raise SetupError(f"{name} is not on PATH")
    return Path(found)


def _remove_cgroups(name: str) -> None:
    """Remove a box's cgroups from the leaves, as soon as its processes, which have been killed, are gone from them."""
    boxes = [parent / name for parent in _own_cgroups()]
    deadline = time.monotonic() + CGROUPS_TIMEOUT
    while any(box.exists() for box in boxes) and time.monotonic() < deadline:
        for folder in (folder for box in boxes for folder, _, _ in os.walk(box, topdown=False)):
            with contextlib.suppress(OSError):
                Path(folder).rmdir()
        time.sleep(0.05)


def _remove_left_cgroups() -> None:
    """Remove the cgroups of boxes whose owner was killed: its box died with it, but nobody tidied up."""
    for parent in _own_cgroups():
        for box in parent.glob(f"{_BOX}*"):
            if not Path("/proc", box.name.removeprefix(_BOX)).exists():
                _remove_cgroups(box.name)


def _own_cgroups() -> list[Path]:
    """The cgroups that this process is in, one for each controller."""
    lines = [line.split(":", 2) for line in Path("/proc/self/cgroup").read_text().splitlines()]
    return [
        Path("/sys/fs/cgroup") / controllers.removeprefix("name=") / path.strip("/")
        for _, controllers, path in lines
        if controllers
    ]
