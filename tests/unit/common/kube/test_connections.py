"""Connections to the API server."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from kubernetes.aio.config import kube_config

from datamover_common.kube import connections as module
from datamover_common.kube.client import KubeClient

OPTIONS = ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")


async def test_they_notice_that_their_peer_has_gone_without_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[socket.socket] = []
    make = module._watchful_socket

    def kept(address: tuple[Any, ...]) -> socket.socket:
        made.append(make(address))
        return made[-1]

    monkeypatch.setattr(module, "_watchful_socket", kept)
    app = web.Application()
    app.router.add_get("/readyz", empty)
    async with TestServer(app) as server:
        written = str(kubeconfig(tmp_path, f"http://127.0.0.1:{server.port}"))
        monkeypatch.setenv("KUBECONFIG", written)
        monkeypatch.setattr(kube_config, "KUBE_CONFIG_DEFAULT_LOCATION", written)  # taken from there on import
        client = await KubeClient.from_environment(10)
        try:
            await client.check_ready()
            (used,) = made
            assert used.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
            set_to = [used.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in OPTIONS]
            assert set_to == [4, 2, 3, 10_000]
        finally:
            await client.close()


def kubeconfig(folder: Path, url: str) -> Path:
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "one", "cluster": {"server": url}}],
        "users": [{"name": "one", "user": {"token": "none"}}],
        "contexts": [{"name": "one", "context": {"cluster": "one", "user": "one"}}],
        "current-context": "one",
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(written))
    return path


async def empty(_: web.Request) -> web.Response:
    return web.json_response({})
