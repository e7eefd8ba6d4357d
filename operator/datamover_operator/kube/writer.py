"""Our writes: each one a compare-and-swap on the resourceVersion that was planned from.

Source: "Resource versions" in the Kubernetes API concepts; a merge patch with metadata.resourceVersion is refused with
409 Conflict where the object has changed since.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Protocol, cast

from datamover_common.fairness import Lane
from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.turns import Turns, urgency
from datamover_crds import JsonObject
from datamover_operator.kube.kinds import Kind
from datamover_operator.kube.merge_patch import merge_patch, merged
from datamover_operator.process.metrics import Metrics

_AT_ONCE: Final = 24
"""So many requests at once are as fast as more, and an urgent one has not to wait for an answer among hundreds."""


class Listener(Protocol):
    """Keeps what the API server has answered."""

    def expect(self, kind: Kind[Any], raw: JsonObject) -> None:
        """Hear of a write before it is sent: its event may overtake its answer."""

    def wrote(self, kind: Kind[Any], raw: JsonObject) -> None:
        """Hear a write's answer."""

    def found(self, kind: Kind[Any], raw: JsonObject) -> None:
        """Hear a read's answer."""

    def gone(self, kind: Kind[Any], namespace: str, name: str) -> None:
        """Hear that no object has this name."""


class Writer:
    """Writes our objects, and lets `listener` know."""

    def __init__(self, client: KubeClient, listener: Listener, metrics: Metrics) -> None:
        """Send through `client`; count in `metrics`."""
        self._client = client
        self._listener = listener
        self._metrics = metrics
        self._turns = Turns(_AT_ONCE)

    async def status(self, kind: Kind[Any], raw: JsonObject, status: JsonObject) -> JsonObject:
        """Make `status` the object's status; no request if it already is. Raises KubeError."""
        before = raw.get("status")
        patch = merge_patch(before if isinstance(before, dict) else {}, status)
        return await self._patch(kind, raw, {"status": patch}, "status") if patch else raw

    async def metadata(self, kind: Kind[Any], raw: JsonObject, metadata: JsonObject) -> JsonObject:
        """Merge into the metadata; lists (finalizers, ownerReferences) are replaced whole. Raises KubeError."""
        return await self._patch(kind, raw, {"metadata": metadata})

    async def create(self, kind: Kind[Any], namespace: str, body: JsonObject) -> JsonObject:
        """Create an object. Raises KubeError."""
        async with self._counted(kind, "create"):
            made = await self._client.create(kind.collection(namespace), body)
        self._listener.wrote(kind, made)
        return made

    async def delete(self, kind: Kind[Any], namespace: str, name: str, uid: str) -> None:
        """Delete this very object; one that is gone already is no failure. Raises KubeError."""
        try:
            async with self._counted(kind, "delete"):
                await self._client.delete(kind.named(namespace, name), uid=uid)
        except KubeError as error:
            if error.is_not_found:
                self._listener.gone(kind, namespace, name)
            elif not error.is_conflict:
                raise

    async def read(self, kind: Kind[Any], namespace: str, name: str) -> JsonObject | None:
        """Read an object again; None where there is none. Raises KubeError."""
        try:
            async with self._turns.place(Lane(urgency.get(), None)):
                raw = await self._client.get(kind.named(namespace, name))
        except KubeError as error:
            if error.is_not_found:
                self._listener.gone(kind, namespace, name)
                return None
            raise
        self._listener.found(kind, raw)
        return raw

    async def _patch(self, kind: Kind[Any], raw: JsonObject, patch: JsonObject, subresource: str = "") -> JsonObject:
        metadata = metadata_of(raw)
        ref = kind.named(str(metadata.get("namespace", "")), str(metadata["name"]))
        swap = {"resourceVersion": metadata["resourceVersion"]}
        self._listener.expect(kind, cast("JsonObject", merged(raw, patch)))
        body = merged(patch, {"metadata": swap})
        async with self._counted(kind, "patch"):
            answer = await self._client.patch(ref, cast("JsonObject", body), subresource)
        self._listener.wrote(kind, answer)
        return answer

    @asynccontextmanager
    async def _counted(self, kind: Kind[Any], verb: str) -> AsyncIterator[None]:
        try:
            async with self._turns.place(Lane(urgency.get(), None)):
                yield
        except KubeError as error:
            self._metrics.kubernetes_write(kind.name, verb, error.reason or str(error.status))
            raise
        self._metrics.kubernetes_write(kind.name, verb, "ok")
