"""One bounded HTTP request to the API server at a time, and its errors."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Collection, Mapping
from typing import cast
from urllib.parse import urlencode
from urllib.request import getproxies

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTClientObject

from datamover_common.tasks import ExplainedError
from datamover_crds import JsonObject

MERGE_PATCH = "application/merge-patch+json"
JSON = "application/json"
_OK = range(200, 300)


class KubeError(ExplainedError):
    """The API server refused a request, or could not be reached (status 0).

    `status` is the HTTP status, `reason` metav1.Status' reason, such as NotFound, Conflict, AlreadyExists, Forbidden.
    """

    def __init__(self, status: int, reason: str, message: str, causes: Collection[str] = ()) -> None:
        """Keep what the API server said; `causes` are the reasons in metav1.Status' details."""
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.causes = causes

    @property
    def is_conflict(self) -> bool:
        """Somebody else has written the object since it was read."""
        return self.reason == "Conflict"

    @property
    def is_not_found(self) -> bool:
        """The object does not exist."""
        return self.reason == "NotFound"

    @property
    def is_already_there(self) -> bool:
        """An object of this name exists."""
        return self.reason == "AlreadyExists"

    @property
    def is_terminating(self) -> bool:
        """Nothing new is accepted in the namespace: it is being deleted."""
        return "NamespaceTerminating" in self.causes


class KubeClient:
    """Sends requests to one API server; credentials come from the kubeconfig or the pod's ServiceAccount."""

    def __init__(self, configuration: Configuration, timeout: float = 30.0) -> None:
        """Connect as `configuration` says; every request ends within `timeout` seconds."""
        # The library's ApiClient would spend longer on each request's parameters than on sending it.
        self._configuration = configuration
        self._rest = RESTClientObject(configuration)
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    @classmethod
    async def from_environment(cls, connections: int = 32) -> KubeClient:
        """Connect as kubectl would (KUBECONFIG, ~/.kube/config), or as a pod does. Raises KubeError."""
        configuration = Configuration()
        kubeconfig = os.environ.get("KUBECONFIG")
        try:
            if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            else:
                await config.load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException as error:
            raise KubeError(0, "Unreachable", f"no usable kubeconfig, and no pod: {error}") from error
        configuration.connection_pool_maxsize = connections
        # To trust the environment is also to look for a .netrc, in a thread, before each request: for proxies only.
        configuration.client_session_kwargs = {"trust_env": bool(getproxies())}
        return cls(configuration)

    async def close(self) -> None:
        """Close the connections."""
        await self._rest.close()

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> JsonObject:
        """GET an object or a list. Raises KubeError."""
        return await self._send("GET", path, query, None, JSON)

    async def create(self, path: str, body: JsonObject) -> JsonObject:
        """POST an object. Raises KubeError."""
        return await self._send("POST", path, None, body, JSON)

    async def patch(self, path: str, body: JsonObject) -> JsonObject:
        """PATCH an object by a JSON merge patch (RFC 7386). Raises KubeError."""
        return await self._send("PATCH", path, None, body, MERGE_PATCH)

    async def delete(self, path: str, body: JsonObject) -> JsonObject:
        """DELETE an object; `body` is metav1.DeleteOptions. Raises KubeError."""
        return await self._send("DELETE", path, None, body, JSON)

    async def _send(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None,
        body: JsonObject | None,
        content_type: str,
    ) -> JsonObject:
        url = self._configuration.host + path + (f"?{urlencode(query)}" if query else "")
        headers = {"Accept": JSON, "Content-Type": content_type}
        try:
            async with asyncio.timeout(self._timeout.total):
                if token := await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization"):
                    headers["Authorization"] = token
                response = await self._rest.request(  # type: ignore[no-untyped-call]
                    method, url, headers, body, _request_timeout=self._timeout
                )
                text = await response.read()
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise KubeError(0, "Unreachable", f"{method} {path}: {type(error).__name__}") from error
        answer = _json(text)
        if response.status not in _OK:
            message = str(answer.get("message", text[:500].decode(errors="replace")))
            raise KubeError(response.status, str(answer.get("reason", "")), message, _causes(answer))
        return answer


def _json(text: bytes) -> JsonObject:
    try:
        answer = json.loads(text)
    except ValueError:
        return {}
    return cast("JsonObject", answer) if isinstance(answer, dict) else {}


def _causes(status: JsonObject) -> list[str]:
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    return [str(cause.get("reason")) for cause in causes if isinstance(cause, dict)] if isinstance(causes, list) else []
