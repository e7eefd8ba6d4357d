"""kopf's part: watch our three kinds and hand on what it sees.

Source: kopf's documentation, "Event-watching handlers" and "Embedding".
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import kopf

from datamover_crds import JsonObject
from datamover_operator.kube.resources import Kind

Seen = Callable[[Kind, str | None, JsonObject], None]

_GROUP, _VERSION = "datamover.io", "v1alpha1"


async def watch(namespaces: Sequence[str], seen: Seen, ready: asyncio.Event, stop: asyncio.Event) -> None:
    """Watch until `stop`; set `ready` once started. `seen` gets the kind, the watch event's type and the object.

    The type is None for what existed when the watch began (kopf lists first).
    """
    await kopf.operator(
        registry=_registry(seen),
        settings=_settings(is_namespaced=bool(namespaces)),
        clusterwide=not namespaces,
        namespaces=list(namespaces),
        standalone=True,
        ready_flag=ready,
        stop_flag=stop,
    )


def _registry(seen: Seen) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()

    @kopf.on.login(registry=registry)
    def login(**kwargs: Any) -> kopf.ConnectionInfo | None:  # noqa: ANN401 - kopf's own signature
        return kopf.login_with_kubeconfig(**kwargs) or kopf.login_with_service_account(**kwargs)

    for kind in Kind:
        _on_event(registry, kind, seen)
    return registry


def _on_event(registry: kopf.OperatorRegistry, kind: Kind, seen: Seen) -> None:
    @kopf.on.event(_GROUP, _VERSION, kind.value.plural, registry=registry, id=kind.value.plural)
    async def handle(event: kopf.RawEvent, **_: Any) -> None:  # noqa: ANN401 - kopf's own signature
        seen(kind, event["type"], dict(event["object"]))  # type: ignore[arg-type]


class _NoDiffs(kopf.DiffBaseStorage):
    """What kopf keeps to tell later how an object has changed: nothing, for its event handlers need none of it.

    kopf would otherwise copy every object that it sees, which is a quarter of what an event costs.
    """

    def build(self, *, body: kopf.Body, extra_fields: object = None) -> kopf.BodyEssence:  # noqa: ARG002 - kopf's own
        return kopf.BodyEssence()

    def fetch(self, *, body: kopf.Body) -> None:
        """Find nothing."""

    def store(self, *, body: kopf.Body, patch: kopf.Patch, essence: kopf.BodyEssence) -> None:
        """Keep nothing."""


def _settings(*, is_namespaced: bool) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.persistence.diffbase_storage = _NoDiffs()
    settings.networking.request_timeout = 30
    settings.networking.connect_timeout = 5
    settings.watching.connect_timeout = 5
    settings.watching.server_timeout = 300
    settings.watching.client_timeout = 330
    settings.scanning.disabled = is_namespaced
    return settings
