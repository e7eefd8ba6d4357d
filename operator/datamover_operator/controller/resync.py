"""Stock-taking: what is remembered and no longer exists is let go.

A watch that has lost its place (410 Gone) begins anew with a list. That shows what there is, and nobody tells of what
was deleted in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from datamover_operator.controller.event_filter import Intake
from datamover_operator.kube.cache import metadata_of
from datamover_operator.kube.client import KubeClient, KubeError
from datamover_operator.kube.listing import list_objects
from datamover_operator.kube.resources import Kind

_RETRY_S = 5.0
_log = structlog.get_logger(__name__)


class Stock:
    """Lists our objects through `client`, and tells `intake` what there is and what is not."""

    def __init__(self, client: KubeClient, intake: Intake, namespaces: Sequence[str]) -> None:
        """Look at these namespaces; none: at all."""
        self._client = client
        self._intake = intake
        self._namespaces = namespaces
        self._unsure: set[Kind] = set()
        self._wanted = asyncio.Event()

    async def take_all(self) -> None:
        """Take in what exists of every kind that is installed. Raises KubeError."""
        for kind in Kind:
            try:
                await self.take(kind)
            except KubeError as error:
                if not error.is_not_found:
                    raise

    async def take(self, kind: Kind) -> None:
        """Take in what exists of a kind, and let go of the rest. Raises KubeError."""
        gone = self._intake.known(kind)
        async for raw in list_objects(self._client, kind, self._namespaces):
            self._intake.found(kind, raw)
            gone.discard(str(metadata_of(raw).get("uid")))
        for uid in gone:
            self._intake.vanished(kind, uid)

    def want(self, collection: str) -> None:
        """Have a collection, named by its path in the API, gone through soon: its watch has begun anew."""
        self._unsure |= {kind for kind in Kind if collection in kind.value.collections(self._namespaces)}
        self._wanted.set()

    async def take_forever(self) -> None:
        """Take stock when it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while self._unsure:
                kind = self._unsure.pop()
                try:
                    await self.take(kind)
                except KubeError as error:
                    _log.info("objects could not be listed", kind=kind.value.kind, error=str(error))
                    await asyncio.sleep(_RETRY_S)
                    self._unsure.add(kind)
