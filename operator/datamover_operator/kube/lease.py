"""A Lease lets a second operator stand by while the first one works. It saves work; correctness never depends on it.

Source: coordination.k8s.io/v1 Lease, and client-go's leader election: no clock is ever compared with another machine's.
A Lease has expired when its record has not changed for as long as it promises, by our own monotonic clock.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of, micro_time, part_of
from datamover_common.kube.resources import ResourceType
from datamover_common.tasks import ExplainedError
from datamover_crds import JsonObject

_LEASES = ResourceType("coordination.k8s.io/v1", "Lease", "leases")
_LOOK_S = 1.0
"""How often one that stands by looks: what a holder lets go of is taken up that soon."""
_log = structlog.get_logger(__name__)


def _tell_nobody(_: str) -> None:
    return


class LeaseLostError(ExplainedError):
    """Another process holds the Lease now."""


class Lease:
    """One Lease and who wants it. Every request for it ends within a third of the time for which it is held."""

    def __init__(
        self, client: KubeClient, path: tuple[str, str], holder: str, seconds: float, tick: Callable[[], float]
    ) -> None:
        """`path` is namespace and name, `seconds` how long it stays held unrenewed, `tick` a monotonic clock."""
        self._client = client
        namespace, name = path
        self._ref = _LEASES.within(namespace).named(name)
        self._holder = holder
        self._seconds = seconds
        self._tick = tick
        self._seen: JsonObject = {}
        self._seen_at = tick()
        self._rival = ""
        """Who else holds it, as far as the last look has shown."""

    async def acquire(self, stand_by: Callable[[str], None] = _tell_nobody) -> None:
        """Wait until the Lease is ours; `stand_by` is told who has it meanwhile, or "" where that is not known."""
        while not await self._try():
            stand_by(self._rival)
            await asyncio.sleep(min(self._seconds / 5, _LOOK_S))
        stand_by("")

    async def keep(self) -> None:
        """Renew until cancelled. Raises LeaseLostError where another process holds it.

        One that can't be renewed in time is no reason to end: two operators at once are safe, and as long as nobody
        else has taken it, an end would only leave the work undone.
        """
        while True:
            await asyncio.sleep(self._seconds / 3)
            while not await self._try():
                if self._rival:
                    raise LeaseLostError(f"{self._ref} is held by '{self._rival}' now")
                await asyncio.sleep(self._seconds / 15)

    async def release(self, within: float) -> None:
        """Release it, so that the next holder gets it at once; give up after `within` seconds."""
        try:
            async with asyncio.timeout(within):
                lease = await self._client.get(self._ref)
                if _spec(lease).get("holderIdentity") == self._holder:
                    await self._write(lease, "")
        except (KubeError, TimeoutError) as error:
            _log.info("the Lease was not released", error=str(error) or type(error).__name__)

    async def _try(self) -> bool:
        self._rival = ""
        try:
            async with asyncio.timeout(self._seconds / 3):
                return await self._take()
        except (KubeError, TimeoutError) as error:
            reason = str(error) or "no answer in time"
            _log.warning("the Lease could not be acquired", lease=str(self._ref), error=reason)
            return False

    async def _take(self) -> bool:
        """Take or renew it, unless another holds it. Raises KubeError."""
        try:
            lease = await self._client.get(self._ref)
        except KubeError as error:
            if not error.is_not_found:
                raise
            await self._create()
            return True
        holder = str(_spec(lease).get("holderIdentity") or "")
        self._rival = holder if holder not in {"", self._holder} and not self._has_expired(lease) else ""
        if self._rival:
            return False
        await self._write(lease, self._holder)
        return True

    async def _create(self) -> None:
        body: JsonObject = {
            "apiVersion": _LEASES.api_version,
            "kind": _LEASES.kind,
            "metadata": {"name": self._ref.name, "namespace": self._ref.collection.namespace},
            "spec": self._held_by(self._holder),
        }
        await self._client.create(self._ref.collection, body)

    async def _write(self, lease: JsonObject, holder: str) -> None:
        version = metadata_of(lease).get("resourceVersion")
        patch: JsonObject = {"metadata": {"resourceVersion": version}, "spec": self._held_by(holder)}
        await self._client.patch(self._ref, patch)

    def _held_by(self, holder: str) -> JsonObject:
        return {
            "holderIdentity": holder,
            "leaseDurationSeconds": round(self._seconds),
            # For people and kubectl; nobody compares it.
            "renewTime": micro_time(datetime.now(UTC)),
        }

    def _has_expired(self, lease: JsonObject) -> bool:
        spec = _spec(lease)
        if spec != self._seen:
            self._seen, self._seen_at = spec, self._tick()
        promised = spec.get("leaseDurationSeconds")
        seconds = promised if isinstance(promised, int) else self._seconds
        return self._tick() - self._seen_at > seconds


def _spec(lease: JsonObject) -> JsonObject:
    return part_of(lease, "spec")
