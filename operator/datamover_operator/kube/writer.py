"""Our writes: each one a compare-and-swap on the resourceVersion that was planned from.

Source: "Resource versions" in the Kubernetes API concepts; a merge patch with metadata.resourceVersion is refused with
409 Conflict where the object has changed since.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from datamover_crds import JsonObject
from datamover_operator.kube.cache import metadata_of
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.resources import Kind, merge_patch, merged

Expect = Callable[[Kind, JsonObject], None]
Wrote = Callable[[Kind, JsonObject], None]


class Writer:
    """Writes our objects. `expect` hears of a write before it is sent, `wrote` when the API server has answered."""

    def __init__(self, client: KubeClient, expect: Expect, wrote: Wrote) -> None:
        """Send through `client`."""
        self._client = client
        self._expect = expect
        self._wrote = wrote

    async def status(self, kind: Kind, raw: JsonObject, status: JsonObject) -> JsonObject:
        """Make `status` the object's status; no request where it is already. Raises KubeError."""
        before = raw.get("status")
        patch = merge_patch(before if isinstance(before, dict) else {}, status)
        return await self._patch(kind, raw, {"status": patch}, "/status") if patch else raw

    async def metadata(self, kind: Kind, raw: JsonObject, metadata: JsonObject) -> JsonObject:
        """Merge into the metadata; lists (finalizers, ownerReferences) are replaced whole. Raises KubeError."""
        return await self._patch(kind, raw, {"metadata": metadata})

    async def create(self, kind: Kind, namespace: str, body: JsonObject) -> JsonObject:
        """Create an object. Raises KubeError."""
        made = await self._client.create(kind.value.collection(namespace), body)
        self._wrote(kind, made)
        return made

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete this very object; one that is gone already is no failure. Raises KubeError."""
        try:
            await self._client.delete(kind.value.path(namespace, name), {"preconditions": {"uid": uid}})
        except KubeError as error:
            if not (error.is_not_found or error.is_conflict):
                raise

    async def read(self, kind: Kind, namespace: str, name: str) -> JsonObject | None:
        """Read an object anew; None where there is none. Raises KubeError."""
        try:
            raw = await self._client.get(kind.value.path(namespace, name))
        except KubeError as error:
            if error.is_not_found:
                return None
            raise
        self._wrote(kind, raw)
        return raw

    async def _patch(self, kind: Kind, raw: JsonObject, patch: JsonObject, subresource: str = "") -> JsonObject:
        metadata = metadata_of(raw)
        path = kind.value.path(str(metadata.get("namespace", "")), str(metadata["name"])) + subresource
        swap = {"resourceVersion": metadata["resourceVersion"]}
        self._expect(kind, cast("JsonObject", merged(raw, patch)))
        body = merged(patch, {"metadata": swap})
        answer = await self._client.patch(path, cast("JsonObject", body))
        self._wrote(kind, answer)
        return answer
