"""Requests to one API server: bounded ones, and watches that last. What is returned is what was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

import aiohttp
from kubernetes.aio.client import Configuration
from kubernetes.aio.client.rest import RESTResponse

from datamover_common.kube.connections import UNLIMITED, Connections, load_configuration
from datamover_common.kube.decoding import decoded
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of, part_of, why_not, why_not_in
from datamover_common.kube.resources import Collection, ObjectRef
from datamover_common.retry_after import seconds_in
from datamover_crds import JsonObject

AGENT: Final = "datamover-operator"
_JSON: Final = "application/json"
_MERGE_PATCH: Final = "application/merge-patch+json"
_OK: Final = range(200, 300)
_REQUESTS_AT_ONCE: Final = 32
_CONNECT_S: Final = 5.0
_WATCH_SLACK_S: Final = 10.0
_LONGEST_MESSAGE: Final = 2000
_OBJECT_EVENTS: Final = frozenset({"ADDED", "MODIFIED", "DELETED"})


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a list: `version` is the list's resourceVersion, `more` the token of the next page, or empty."""

    items: list[JsonObject]
    version: str
    more: str


@dataclass(frozen=True, slots=True)
class _Request:
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: JsonObject | None = None
    content_type: str = _JSON

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


class KubeClient:
    """Sends requests to one API server. All methods raise KubeError.

    A name that no object can have is NotFound without a request.
    """

    def __init__(self, configuration: Configuration, seconds: float = 30.0, *, agent: str = AGENT) -> None:
        """Connect as `configuration` says; every request but a watch ends within so many seconds.

        `agent` is the program's name: the API server shows it as the field manager of what is written.
        """
        self._agent = agent
        # The library's ApiClient would spend longer on each request's parameters than on sending it.
        self._configuration = configuration
        self._connections = Connections(configuration, _REQUESTS_AT_ONCE)
        self._watches = Connections(configuration, UNLIMITED)
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=_CONNECT_S)

    @classmethod
    async def from_environment(cls, seconds: float = 30.0, *, agent: str = AGENT) -> KubeClient:
        """Connect as kubectl would (KUBECONFIG, ~/.kube/config), or as a pod does."""
        return cls(await load_configuration(), seconds, agent=agent)

    async def close(self) -> None:
        """Close the connections."""
        await self._connections.close()
        await self._watches.close()

    async def check_ready(self) -> None:
        """Ask the API server whether it is ready to serve; KubeError says why not."""
        await self._send(_Request("GET", "/readyz"))

    async def get(self, ref: ObjectRef) -> JsonObject:
        """GET an object."""
        _require(ref)
        return _checked(ref, await self._send(_Request("GET", ref.path)))

    async def page(self, collection: Collection, limit: int, more: str = "") -> Page:
        """GET so many objects of a collection: the first ones, or those that a page said were left."""
        _require(collection)
        query = {"limit": str(limit), **({"continue": more} if more else {})}
        answer = await self._send(_Request("GET", collection.path, query))
        items = answer.get("items")
        if answer.get("kind") != f"{collection.type.kind}List" or not isinstance(items, list):
            raise _unexpected(str(collection), f"it is a {answer.get('kind')}")
        objects = [item if isinstance(item, dict) else {} for item in items]
        for each in objects:
            _refuse_stranger(collection, each)
        metadata = metadata_of(answer)
        return Page(objects, str(metadata.get("resourceVersion") or ""), str(metadata.get("continue") or ""))

    async def create(self, collection: Collection, body: JsonObject, *, dry_run: bool = False) -> JsonObject:
        """POST an object; fields that the schema does not know are refused. A dry run stores nothing."""
        ref = collection.named(str(metadata_of(body).get("name", "")))
        _require(ref)
        query = {"fieldValidation": "Strict", **({"dryRun": "All"} if dry_run else {})}
        return _checked(ref, await self._send(_Request("POST", collection.path, query, body)))

    async def patch(self, ref: ObjectRef, body: JsonObject, subresource: str = "") -> JsonObject:
        """PATCH an object, or its `status`, by a JSON merge patch (RFC 7386)."""
        _require(ref)
        path = f"{ref.path}/{subresource}" if subresource else ref.path
        return _checked(ref, await self._send(_Request("PATCH", path, {}, body, _MERGE_PATCH)))

    async def delete(self, ref: ObjectRef, *, uid: str = "", version: str = "") -> JsonObject | None:
        """DELETE an object; where given, only the one with this uid, and only in the state of this resourceVersion.

        Returns the object, marked for deletion; None where it is gone.
        """
        _require(ref)
        given = {"uid": uid, "resourceVersion": version}
        preconditions: JsonObject = {name: value for name, value in given.items() if value}
        body: JsonObject = {"preconditions": preconditions} if preconditions else {}
        answer = await self._send(_Request("DELETE", ref.path, {}, body))
        return None if answer.get("kind") == "Status" else _checked(ref, answer)

    async def watch(self, collection: Collection, version: str, seconds: int) -> AsyncGenerator[JsonObject, None]:
        """Yield the events after a resourceVersion, until the API server ends the watch after so many seconds."""
        _require(collection)
        query = {
            "watch": "true",
            "resourceVersion": version,
            "allowWatchBookmarks": "true",
            "timeoutSeconds": str(seconds),
        }
        # The API server ends the watch: one that outlasts its time has a peer that lives and is silent all the same.
        timeout = aiohttp.ClientTimeout(total=seconds + _WATCH_SLACK_S, sock_connect=_CONNECT_S)
        request = _Request("GET", collection.path, query)
        try:
            response = await self._open(self._watches, request, timeout)
            if response.status not in _OK:
                raise _refusal(response.status, await response.read())  # type: ignore[no-untyped-call]
            async with response.response:
                async for line in response.response.content:
                    event = _event(line)
                    if event.get("type") in _OBJECT_EVENTS:
                        _refuse_stranger(collection, part_of(event, "object"))
                    yield event
        except (OSError, aiohttp.ClientError, TimeoutError, ValueError) as error:
            raise KubeError(0, "Unreachable", f"watch {collection.path}: {type(error).__name__}") from error

    async def _send(self, request: _Request) -> JsonObject:
        try:
            async with asyncio.timeout(self._timeout.total) as limit:
                response = await self._open(self._connections, request, self._timeout)
                text = await response.read()  # type: ignore[no-untyped-call]
                while (pause := _pause(response)) and not _is_over(limit, pause):
                    await asyncio.sleep(pause)
                    response = await self._open(self._connections, request, self._timeout)
                    text = await response.read()  # type: ignore[no-untyped-call]
        except (OSError, aiohttp.ClientError, TimeoutError) as error:
            raise KubeError(0, "Unreachable", f"{request}: {type(error).__name__}") from error
        if response.status not in _OK:
            raise _refusal(response.status, text)
        return _object(text)

    async def _open(
        self,
        connections: Connections,
        request: _Request,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's own
    ) -> RESTResponse:
        """Send a request, and return as soon as the head of its answer is there."""
        url = self._configuration.host + request.path + (f"?{urlencode(request.query)}" if request.query else "")
        headers = {"Accept": _JSON, "Content-Type": request.content_type, "User-Agent": self._agent}
        if token := await self._configuration.get_api_key_with_prefix("BearerToken", alias="authorization"):
            headers["Authorization"] = token
        response: RESTResponse = await connections.request(  # type: ignore[no-untyped-call]
            request.method, url, headers, request.body, _request_timeout=timeout
        )
        return response


def _pause(response: RESTResponse) -> float:
    """How long the API server, which has done nothing yet, wants to be left alone; 0: it has answered."""
    is_busy = response.status == HTTPStatus.TOO_MANY_REQUESTS
    return seconds_in(response.response.headers.get("Retry-After")) if is_busy else 0.0


def _is_over(limit: asyncio.Timeout, pause: float) -> bool:
    """Whether a request's time is over before the pause is."""
    end = limit.when()
    return end is not None and asyncio.get_running_loop().time() + pause >= end


def _require(what: Collection | ObjectRef) -> None:
    if not what.can_exist:
        raise KubeError(404, "NotFound", f"{what} does not exist: no object can have this name")


def _checked(ref: ObjectRef, answer: JsonObject) -> JsonObject:
    if reason := why_not(ref, answer):
        raise _unexpected(str(ref), reason)
    return answer


def _refuse_stranger(collection: Collection, raw: JsonObject) -> None:
    if reason := why_not_in(collection, raw):
        raise _unexpected(f"an object of {collection}", reason)


def _unexpected(asked: str, reason: str) -> KubeError:
    return KubeError(0, "UnexpectedAnswer", f"{asked} was asked for, but {reason}")


def _refusal(status: int, text: bytes) -> KubeError:
    answer = _object(text)
    message = answer.get("message") or text[:_LONGEST_MESSAGE].decode(errors="replace")
    causes = part_of(answer, "details").get("causes")
    listed = causes if isinstance(causes, list) else []
    reasons = [str(cause.get("reason")) for cause in listed if isinstance(cause, dict)]
    return KubeError(status, str(answer.get("reason", "")), str(message), reasons)


def _object(text: bytes) -> JsonObject:
    """The JSON object of an answer; {} for any other: a health check's is a word."""
    try:
        return _event(text)
    except ValueError:
        return {}


def _event(text: bytes) -> JsonObject:
    """A JSON object. Raises ValueError."""
    answer = decoded(text)
    if not isinstance(answer, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - the caller asks for JSON of this form
    return answer
