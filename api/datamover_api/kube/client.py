"""Requests to the API server: bounded ones, and watches that last."""

from __future__ import annotations

import asyncio
import json
import os
import socket
from collections.abc import AsyncGenerator, Mapping
from typing import Any, Final, cast

import aiohttp
from kubernetes.aio import config
from kubernetes.aio.client import ApiClient, Configuration
from kubernetes.aio.client.rest import RESTClientObject, RESTResponse

from datamover_common.tasks import ExplainedError
from datamover_crds import JsonObject

_MERGE_PATCH = "application/merge-patch+json"
_JSON = "application/json"
_OK = range(200, 300)
_CONNECT_S = 2.0
_WATCH_SLACK_S = 10.0
_LONGEST_ERROR = 2000
_LIVENESS: Final = {"TCP_KEEPIDLE": 4, "TCP_KEEPINTVL": 2, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 10_000}
"""What finds a peer dead that has said nothing for 10 s: seconds, the last one milliseconds. Not every system has all.
"""


class KubeError(ExplainedError):
    """The API server refused a request, or could not be reached (status 0).

    `status` is the HTTP status, `reason` metav1.Status' reason, such as NotFound, Conflict, AlreadyExists, Invalid.
    """

    def __init__(self, status: int, reason: str, message: str) -> None:
        """Keep what the API server said."""
        super().__init__(f"{status} {reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message

    @property
    def is_doubtful(self) -> bool:
        """Whether the request may have been carried out all the same, or may still be."""
        return self.status not in range(400, 500)

    @property
    def is_conflict(self) -> bool:
        """The object is not the one, or not as it was, that the request was about."""
        return self.reason == "Conflict"

    @property
    def is_not_found(self) -> bool:
        """The object does not exist."""
        return self.reason == "NotFound"

    @property
    def is_already_there(self) -> bool:
        """An object of this name exists."""
        return self.reason == "AlreadyExists"


class KubeClient:
    """Sends requests to one API server; credentials come from the kubeconfig or the pod's ServiceAccount.

    All methods raise KubeError.
    """

    def __init__(self, api: ApiClient, seconds: float) -> None:
        """Use an API client; every request but a watch ends within so many seconds."""
        self._api = api
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_S)

    @classmethod
    async def from_environment(cls, seconds: float) -> KubeClient:
        """Connect as kubectl would (KUBECONFIG, ~/.kube/config), or as a pod does."""
        configuration = Configuration()
        kubeconfig = os.environ.get("KUBECONFIG")
        try:
            if kubeconfig is None and "KUBERNETES_SERVICE_HOST" in os.environ:
                config.load_incluster_config(client_configuration=configuration)  # type: ignore[no-untyped-call]
            else:
                await config.load_kube_config(kubeconfig, client_configuration=configuration)  # type: ignore[no-untyped-call]
        except config.ConfigException as error:
            raise KubeError(0, "NoConfiguration", str(error)) from error
        configuration.connection_pool_maxsize = 0  # no limit: every watch holds a connection
        api = ApiClient(configuration=configuration)
        api.rest_client = _Connections(configuration)
        return cls(api, seconds)

    async def close(self) -> None:
        """Close the connections."""
        await self._api.close()  # type: ignore[no-untyped-call]

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> JsonObject:
        """GET an object or a list."""
        return await self._send("GET", path, query or {}, None, _JSON)

    async def create(self, collection: str, body: JsonObject) -> JsonObject:
        """POST an object; fields that the schema does not know are refused."""
        return await self._send("POST", collection, {"fieldValidation": "Strict"}, body, _JSON)

    async def patch(self, path: str, body: JsonObject) -> JsonObject:
        """PATCH an object by a JSON merge patch (RFC 7386)."""
        return await self._send("PATCH", path, {}, body, _MERGE_PATCH)

    async def delete(self, path: str, *, uid: str, version: str | None = None) -> JsonObject:
        """DELETE this very object, where `version` is given only in this very state.

        Returns the object, marked for deletion, or a metav1.Status where it is gone.
        """
        preconditions: JsonObject = {"uid": uid}
        if version is not None:
            preconditions["resourceVersion"] = version
        return await self._send("DELETE", path, {}, {"preconditions": preconditions}, _JSON)

    async def watch(self, path: str, version: str, seconds: int) -> AsyncGenerator[JsonObject, None]:
        """Yield the events after a resourceVersion, until the API server ends the watch after so many seconds."""
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        # The API server ends the watch: one that outlasts its time has a peer that lives and is silent all the same.
        timeout = aiohttp.ClientTimeout(total=seconds + _WATCH_SLACK_S, sock_connect=_CONNECT_S)
        try:
            response = await self._request("GET", path, query, None, _JSON, timeout)
            if response.status not in _OK:
                raise _refusal(response.status, await response.read())  # type: ignore[no-untyped-call]
            async with response.response:
                async for line in response.response.content:
                    yield _json(line)
        except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise KubeError(0, "Unreachable", f"watch {path}: {type(error).__name__}") from error

    async def _send(
        self, method: str, path: str, query: Mapping[str, str], body: JsonObject | None, content_type: str
    ) -> JsonObject:
        try:
            async with asyncio.timeout(self._timeout.total):
                response = await self._request(method, path, query, body, content_type, self._timeout)
                text = await response.read()  # type: ignore[no-untyped-call]
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise KubeError(0, "Unreachable", f"{method} {path}: {type(error).__name__}") from error
        if response.status not in _OK:
            raise _refusal(response.status, text)
        return _json(text)

    async def _request(  # noqa: PLR0913, PLR0917 - the parts of an HTTP request
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: JsonObject | None,
        content_type: str,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> RESTResponse:
        _, url, headers, _, _ = await self._api.param_serialize(
            method,
            path,
            query_params=list(query.items()),
            header_params={"Accept": _JSON, "Content-Type": content_type},
            auth_settings=["BearerToken"],
        )
        response: RESTResponse = await self._api.call_api(method, url, headers, body, _request_timeout=timeout)
        return response


class _Connections(RESTClientObject):
    """The library's connections, which notice that their peer has gone without a word."""

    def _create_connector(self) -> aiohttp.TCPConnector:
        return aiohttp.TCPConnector(limit=self.maxsize, ssl=self.ssl_context, socket_factory=_watchful_socket)


def _watchful_socket(address: tuple[Any, ...]) -> socket.socket:
    """A socket for one of getaddrinfo's answers."""
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _LIVENESS.items():
        if (option := getattr(socket, name, None)) is not None:
            made.setsockopt(socket.IPPROTO_TCP, option, value)
    return made


def _refusal(status: int, text: bytes) -> KubeError:
    try:
        answer = _json(text)
    except ValueError:
        answer = {}
    message = answer.get("message") or text[:_LONGEST_ERROR].decode(errors="replace")
    return KubeError(status, str(answer.get("reason", "")), str(message))


def _json(text: bytes) -> JsonObject:
    answer = json.loads(text)
    if not isinstance(answer, dict):
        raise ValueError("the API server answers with objects")  # noqa: TRY004 - the caller asks for JSON of this form
    return cast("JsonObject", answer)
