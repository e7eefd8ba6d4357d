"""Bare HTTP to the API server, as fast as Python allows: what both sides of a comparison use."""

from __future__ import annotations

import base64
import json
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp

Json = dict[str, Any]

MERGE_PATCH = "application/merge-patch+json"
MOVERS = "/apis/datamover.io/v1alpha1/namespaces/{namespace}/datamovers"
_LONGEST_EVENT = 1 << 20


class ClusterClient:
    """Sends requests as the user of a kubeconfig that holds a bearer token. Use as an async context manager."""

    def __init__(self, kubeconfig: Path, *, connections: int = 100) -> None:
        """Read the kubeconfig; at most `connections` are open at once."""
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._server: str = cluster["server"]
        self._token: str = config["users"][0]["user"]["token"]
        self._tls = ssl.create_default_context(cadata=authority)
        self._connections = connections

    async def __aenter__(self) -> Self:
        """Open; connections are made as needed."""
        self._session = aiohttp.ClientSession(
            self._server,
            headers={"Authorization": f"Bearer {self._token}"},
            connector=aiohttp.TCPConnector(ssl=self._tls, limit=self._connections),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=10),
            read_bufsize=_LONGEST_EVENT,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        """Close the connections."""
        await self._session.close()

    async def get(self, path: str) -> Json:
        """GET an object or a list. Raises aiohttp.ClientResponseError, as all methods do."""
        return await self._send("GET", path)

    async def text(self, path: str) -> str:
        """GET what is no JSON, such as /metrics."""
        async with self._session.get(path, raise_for_status=True) as response:
            return await response.text()

    async def create(self, path: str, body: Json) -> Json:
        """POST an object."""
        return await self._send("POST", path, body, "application/json")

    async def patch(self, path: str, body: Json) -> Json:
        """PATCH an object by a JSON merge patch."""
        return await self._send("PATCH", path, body, MERGE_PATCH)

    async def delete(self, path: str) -> Json:
        """DELETE an object."""
        return await self._send("DELETE", path)

    async def watch(self, path: str, version: str) -> AsyncIterator[Json]:
        """Yield the objects that are added or modified after a resourceVersion."""
        query = {"watch": "1", "resourceVersion": version}
        async with self._session.get(path, params=query, raise_for_status=True) as response:
            async for line in response.content:
                yield json.loads(line)["object"]

    async def _send(self, method: str, path: str, body: Json | None = None, media_type: str = "") -> Json:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": media_type} if media_type else {}
        async with self._session.request(method, path, data=data, headers=headers, raise_for_status=True) as response:
            answer: Json = json.loads(await response.read())
            return answer
