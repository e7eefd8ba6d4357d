"""Events: what `kubectl describe` tells of an object.

Source: events.k8s.io/v1. Events are best effort: they wait in a bounded queue, and one that can't be written is
dropped.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Callable
from datetime import datetime

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of, micro_time
from datamover_common.kube.resources import Collection, ResourceType
from datamover_crds import JsonObject
from datamover_operator.process.metrics import Metrics

_EVENTS = ResourceType("events.k8s.io/v1", "Event", "events")
_BACKLOG = 2000
_MAX_NOTE = 1024
_log = structlog.get_logger(__name__)


class Events:
    """Writes Events in the background, in order."""

    def __init__(self, client: KubeClient, instance: str, now: Callable[[], datetime], metrics: Metrics) -> None:
        """`instance` names this process."""
        self._client = client
        self._instance = instance
        self._now = now
        self._metrics = metrics
        self._queue: asyncio.Queue[tuple[Collection, JsonObject]] = asyncio.Queue(_BACKLOG)
        self._numbers = itertools.count(1)

    def tell(self, raw: JsonObject, reason: str, note: str, *, warning: bool) -> None:
        """Queue an Event about an object; it is dropped if too many are waiting."""
        metadata = metadata_of(raw)
        namespace = str(metadata.get("namespace") or "default")
        event: JsonObject = {
            "apiVersion": _EVENTS.api_version,
            "kind": _EVENTS.kind,
            "metadata": {"name": self._name(metadata), "namespace": namespace},
            "eventTime": micro_time(self._now()),
            "reportingController": "datamover.io/operator",
            "reportingInstance": self._instance[:128],
            "action": "Reconcile",
            "type": "Warning" if warning else "Normal",
            "reason": reason[:128],
            "note": note[:_MAX_NOTE],
            "regarding": {
                "apiVersion": raw.get("apiVersion"),
                "kind": raw.get("kind"),
                "name": metadata.get("name"),
                "namespace": metadata.get("namespace"),
                "uid": metadata.get("uid"),
                "resourceVersion": metadata.get("resourceVersion"),
            },
        }
        with contextlib.suppress(asyncio.QueueFull):
            self._queue.put_nowait((_EVENTS.within(namespace), event))

    async def write_forever(self) -> None:
        """Write what is told."""
        while True:
            collection, event = await self._queue.get()
            result = "ok"
            try:
                await self._client.create(collection, event)
            except KubeError as error:
                result = error.reason or str(error.status)
                _log.debug("an event was dropped", reason=event.get("reason"), error=str(error))
            self._metrics.kubernetes_write("Event", "create", result)

    def _name(self, metadata: JsonObject) -> str:
        number = f"{int(self._now().timestamp() * 1000):x}{next(self._numbers):x}"
        return f"{str(metadata.get('name', ''))[:230].rstrip('-.')}.{number}"
