"""Watches our kinds with kopf and hands on what it sees.

Source: kopf's documentation, "Event-watching handlers", "Embedding" and "Custom HTTP sessions".
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from types import SimpleNamespace
from typing import Any, Protocol, cast

import aiohttp
import kopf
import structlog

from datamover_common.kube.objects import why_not_in
from datamover_crds import JsonObject
from datamover_operator.kube.kinds import Kind
from datamover_operator.kube.shallow import ShallowResponse

AnyKind = Kind[Any]
Seen = Callable[[AnyKind, str | None, JsonObject], None]

_GROUP, _VERSION = "datamover.io", "v1alpha1"
_OK = 200
_log = structlog.get_logger(__name__)


class Watched(Protocol):
    """Receives whether events are being seen; collections are named by their paths in the API."""

    def reached(self, what: str) -> None:
        """A collection has been listed, and is watched now."""

    def lost(self, what: str, reason: str) -> None:
        """A collection can't be listed or watched: the API server refuses."""

    def silent(self, what: str, reason: str) -> None:
        """The API server does not answer, or says that it can't serve now: it is asked again and again."""


Listed = Callable[[str], None]
"""Called when a collection is listed: no event reports what was deleted before."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What is watched: these kinds, in these namespaces (none: in all)."""

    kinds: Collection[AnyKind]
    namespaces: Sequence[str]

    @property
    def collections(self) -> set[str]:
        """The paths of what is watched."""
        return {each.path for kind in self.kinds for each in kind.collections(self.namespaces)}


async def watch(scope: Scope, seen: Seen, watched: Watched, listed: Listed, started: asyncio.Event) -> None:
    """Watch until cancelled; set `started` when kopf has taken the signals for itself, as it does.

    `seen` gets the kind, the watch event's type and the object. The type is None for what existed when the watch
    began (kopf lists first).
    """
    registry = kopf.OperatorRegistry()
    _log_in(registry, _tracing(scope.collections, watched, listed))
    for kind in scope.kinds:
        _on_event(registry, kind, seen)
    await kopf.operator(
        registry=registry,
        settings=_settings(is_namespaced=bool(scope.namespaces)),
        clusterwide=not scope.namespaces,
        namespaces=list(scope.namespaces),
        standalone=True,
        ready_flag=started,
    )


def _log_in(registry: kopf.OperatorRegistry, trace: aiohttp.TraceConfig) -> None:
    """Log in as kopf would, with sessions whose requests are traced."""
    info: kopf.ConnectionInfo | None = None
    session: kopf.AiohttpSession | None = None

    @kopf.on.login(registry=registry)
    async def login(**kwargs: Any) -> kopf.AiohttpSession | None:  # noqa: ANN401 - kopf's own signature
        nonlocal info, session
        found = await asyncio.to_thread(_credentials, **kwargs)
        # kopf gives up when it gets credentials again that were refused; it compares them by equality.
        if found is not None and found != info:
            info, session = found, _session(found, trace)
        return session


def _credentials(**kwargs: Any) -> kopf.ConnectionInfo | None:  # noqa: ANN401 - kopf's own signature
    return kopf.login_with_kubeconfig(**kwargs) or kopf.login_with_service_account(**kwargs)


def _session(info: kopf.ConnectionInfo, trace: aiohttp.TraceConfig) -> kopf.AiohttpSession:
    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, ssl=info.as_ssl_context()),
        headers=info.as_http_headers(),
        proxy=info.proxy_url,
        trust_env=info.trust_env,
        trace_configs=[trace],
        response_class=ShallowResponse,
    )
    return kopf.AiohttpSession(
        server=info.server,
        default_namespace=info.default_namespace,
        priority=info.priority,
        expiration=info.expiration,
        aiohttp_session=session,
    )


def _tracing(collections: Collection[str], watched: Watched, listed: Listed) -> aiohttp.TraceConfig:
    """Tell from the requests themselves what is watched: kopf lists a collection before it watches it."""
    trace = aiohttp.TraceConfig()

    def meant(path: str) -> str | None:
        return next((each for each in collections if path.endswith(each)), None)

    async def answered(_: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams) -> None:
        collection, status = meant(end.url.path), end.response.status
        if collection is None:
            return
        if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            watched.silent(collection, f"the API server answers {status}")
        elif status != _OK:
            watched.lost(collection, f"the API server answers {status}")
        elif end.url.query.get("watch") == "true":
            watched.reached(collection)
        elif "continue" not in end.url.query:
            listed(collection)

    async def failed(_: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestExceptionParams) -> None:
        if (collection := meant(end.url.path)) is not None:
            watched.silent(collection, f"no answer: {type(end.exception).__name__}")

    trace.on_request_end.append(answered)
    trace.on_request_exception.append(failed)
    return trace


def _on_event(registry: kopf.OperatorRegistry, kind: AnyKind, seen: Seen) -> None:
    @kopf.on.event(_GROUP, _VERSION, kind.type.plural, registry=registry, id=kind.type.plural)
    async def handle(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401 - kopf's own signature
        raw = cast("JsonObject", dict(event["object"]))
        if reason := why_not_in(kind.collection(""), raw):
            _log.error("an event is ignored", kind=kind.name, reason=reason)
        else:
            seen(kind, event["type"], raw)


class _NoDiffs(kopf.DiffBaseStorage):
    """Storage for kopf's diffs that keeps nothing, because event handlers do not need it.

    kopf would otherwise copy every object that it sees, which is a quarter of what an event costs.
    """

    def build(self, *, body: kopf.Body, extra_fields: object = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's own
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> None:
        """Find nothing."""

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Keep nothing."""


class _NoProgress(kopf.ProgressStorage):
    """Storage for the progress of change handlers, of which there are none: kopf would copy metadata for each event."""

    def fetch(self, *, key: str, body: kopf.Body) -> None:
        """Find nothing."""

    def store(self, *, key: str, record: object, body: kopf.Body, patch: kopf.Patch) -> None:
        """Keep nothing."""

    def purge(self, *, key: str, body: kopf.Body, patch: kopf.Patch) -> None:
        """Have nothing to remove."""

    def touch(self, *, body: kopf.Body, patch: kopf.Patch, value: str | None) -> None:
        """Leave no trace."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """Have nothing to remove."""
        return essence


class _Backoffs:
    """Seconds between attempts, without an end: an API server may be away, or too busy, for long."""

    def __iter__(self) -> Iterator[float]:
        return itertools.chain((1.0, 2.0), itertools.repeat(5.0))


def _settings(*, is_namespaced: bool) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = _NoDiffs()
    settings.persistence.progress_storage = _NoProgress()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.networking.error_backoffs = _Backoffs()
    settings.watching.connect_timeout = 5
    settings.watching.chunk_size = 500
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.scanning.disabled = is_namespaced
    return settings
