"""Where movers are imported to: a namespace, or what would become of it."""

from __future__ import annotations

from typing import ClassVar

from datamover_crds import JsonObject
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.movers.kind import MOVER


class Target:
    """The namespace. All methods raise KubeError."""

    done: ClassVar = "imported"
    """What a mover is after `create`."""

    def __init__(self, client: KubeClient, namespace: str) -> None:
        """Write through `client`."""
        self.namespace = namespace
        self._client = client
        self._collection = MOVER.collection(namespace)

    async def get(self, name: str) -> JsonObject | None:
        """The mover of this name, if there is one."""
        try:
            return await self._client.get(f"{self._collection}/{name}")
        except KubeError as error:
            if error.is_not_found:
                return None
            raise

    async def create(self, mover: JsonObject) -> None:
        """Create a mover."""
        await self._client.create(self._collection, mover)


class Rehearsal(Target):
    """The same without a trace: the API server says whether it would take a mover, and what it takes stands here."""

    done: ClassVar = "to import"

    def __init__(self, client: KubeClient, namespace: str) -> None:
        """Ask through `client`."""
        super().__init__(client, namespace)
        self._made: dict[str, JsonObject] = {}

    async def get(self, name: str) -> JsonObject | None:
        """The mover of this name, if there is or would be one."""
        return self._made.get(name) or await super().get(name)

    async def create(self, mover: JsonObject) -> None:
        """Have a mover looked at by the API server, and remember it."""
        made = await self._client.create(f"{self._collection}?dryRun=All", mover)
        metadata = made["metadata"]
        assert isinstance(metadata, dict)  # noqa: S101 - the API server has just said so
        self._made[str(metadata["name"])] = made
