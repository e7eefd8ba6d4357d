"""A Lease lets a second operator rest while the first one works. It saves work; correctness never depends on it.

Source: coordination.k8s.io/v1 Lease, and client-go's leader election.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from datamover_crds import JsonObject
from datamover_operator.kube.client import KubeClient, KubeError

_log = structlog.get_logger(__name__)


class LeaseLostError(Exception):
    """Another process holds the Lease now, or it could not be renewed in time."""


@dataclass(frozen=True, slots=True)
class Lease:
    """One Lease and who wants it; `seconds` is how long it stays held without being renewed."""

    client: KubeClient
    namespace: str
    name: str
    holder: str
    seconds: float
    now: Callable[[], datetime]

    async def acquire(self) -> None:
        """Wait until the Lease is ours."""
        while not await self._try():  # noqa: ASYNC110 - another process has to let go
            await asyncio.sleep(self.seconds / 5)

    async def keep(self) -> None:
        """Renew until cancelled. Raises LeaseLostError."""
        last = asyncio.get_running_loop().time()
        while True:
            await asyncio.sleep(self.seconds / 3)
            if await self._try():
                last = asyncio.get_running_loop().time()
            elif asyncio.get_running_loop().time() - last > self.seconds * 2 / 3:
                msg = f"Lease '{self.namespace}/{self.name}' could not be renewed"
                raise LeaseLostError(msg)

    async def release(self) -> None:
        """Let the next one have it at once."""
        try:
            lease = await self.client.get(self._path())
            if _spec(lease).get("holderIdentity") == self.holder:
                await self._write(lease, "")
        except KubeError as error:
            _log.info("the Lease was not released", error=str(error))

    async def _try(self) -> bool:
        try:
            lease = await self.client.get(self._path())
        except KubeError as error:
            return await self._create() if error.is_not_found else self._failed(error)
        holder = _spec(lease).get("holderIdentity")
        if holder not in {"", None, self.holder} and not self._has_expired(lease):
            return False
        try:
            await self._write(lease, self.holder)
        except KubeError as error:
            return self._failed(error)
        return True

    async def _create(self) -> bool:
        body: JsonObject = {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": {"name": self.name, "namespace": self.namespace},
            "spec": self._held_by(self.holder),
        }
        try:
            await self.client.create(f"{self._collection()}", body)
        except KubeError as error:
            return self._failed(error)
        return True

    async def _write(self, lease: JsonObject, holder: str) -> None:
        metadata = lease.get("metadata")
        version = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
        await self.client.patch(self._path(), {"metadata": {"resourceVersion": version}, "spec": self._held_by(holder)})

    def _held_by(self, holder: str) -> JsonObject:
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": round(self.seconds),
            "renewTime": self.now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def _has_expired(self, lease: JsonObject) -> bool:
        renewed = _spec(lease).get("renewTime")
        try:
            age = self.now() - datetime.fromisoformat(str(renewed))
        except ValueError:
            return True
        return age.total_seconds() > self.seconds

    def _failed(self, error: KubeError) -> bool:
        _log.warning("the Lease can't be had", lease=f"{self.namespace}/{self.name}", error=str(error))
        return False

    def _collection(self) -> str:
        return f"/apis/coordination.k8s.io/v1/namespaces/{self.namespace}/leases"

    def _path(self) -> str:
        return f"{self._collection()}/{self.name}"


def _spec(lease: JsonObject) -> JsonObject:
    spec = lease.get("spec")
    return spec if isinstance(spec, dict) else {}
