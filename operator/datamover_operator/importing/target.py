"""Where movers are imported to: a namespace, or a dry run of one."""

from __future__ import annotations

from typing import ClassVar

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject
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
            return await self._client.get(self._collection.named(name))
        except KubeError as error:
            if error.is_not_found:
                return None
            raise

    async def create(self, mover: JsonObject) -> None:
        """Create a mover."""
        await self._client.create(self._collection, mover)


class Rehearsal(Target):
    """A dry run: the API server says whether it would accept a mover, and accepted ones are remembered here."""

    done: ClassVar = "to import"

    def __init__(self, client: KubeClient, namespace: str) -> None:
        """Ask through `client`."""
        super().__init__(client, namespace)
        self._made: dict[str, JsonObject] = {}

    async def get(self, name: str) -> JsonObject | None:
        """The mover of this name, if there is or would be one."""
        return self._made.get(name) or await super().get(name)

    async def create(self, mover: JsonObject) -> None:
        """Have the API server validate a mover, and remember it."""
        made = await self._client.create(self._collection, mover, dry_run=True)
        self._made[str(metadata_of(made)["name"])] = made
