"""Connections to the API server: its address, our credentials, and the detection of dead peers."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any, Final
from urllib.request import getproxies

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from datamover_common.kube.errors import KubeError

UNLIMITED: Final = 0
_LIVENESS: Final = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
"""Detects a dead peer after 10 s of silence: seconds, the last one milliseconds. Not every system has all."""


class Connections(RESTClientObject):
    """The library's connections, a limited number at a time, which detect dead peers."""

    def __init__(self, configuration: Configuration, limit: int) -> None:
        """Connect as `configuration` says."""
        super().__init__(configuration)
        self.maxsize = limit

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(limit=self.maxsize, ssl=self.ssl_context, socket_factory=_watchful_socket)


async def load_configuration() -> Configuration:
    """The API server's address and our credentials: as kubectl finds them (KUBECONFIG, ~/.kube/config), or as a pod.

    Raises KubeError.
    """
    configuration = Configuration()
    kubeconfig = os.environ.get("KUBECONFIG")
    is_pod = not kubeconfig and "KUBERNETES_SERVICE_HOST" in os.environ
    try:
        if is_pod:
            config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
        else:
            await config.load_kube_config(kubeconfig or _default(), client_configuration=configuration)  # type: ignore[no-untyped-call]
    except config.ConfigException as error:
        source = "service account in this pod" if is_pod else f"kubeconfig in {_place_of(kubeconfig)}"
        raise KubeError(0, "NoConfiguration", f"no usable {source}: {error}") from error
    # To trust the environment is also to look for a .netrc, in a thread, before each request: for proxies only.
    configuration.client_session_kwargs = {"trust_env": bool(getproxies())}
    return configuration


def _default() -> str:
    return str(Path.home() / ".kube" / "config")


def _place_of(kubeconfig: str | None) -> str:
    if kubeconfig:
        return f"KUBECONFIG={kubeconfig}"
    return f"{_default()} (KUBECONFIG is not set, and without KUBERNETES_SERVICE_HOST this is no pod)"


def _watchful_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one of getaddrinfo's answers."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _LIVENESS.items():
        if (option := getattr(socket, name, None)) is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made
