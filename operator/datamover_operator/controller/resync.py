"""Resync: forgets objects that no longer exist.

A watch that has lost its place (410 Gone) starts again with a list. The list shows what exists; no event reports what
was deleted in between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.listing import list_objects
from datamover_common.kube.objects import uid_of
from datamover_operator.controller.context import AnyKind
from datamover_operator.controller.event_filter import EventFilter

_RETRY_S = 5.0
_log = structlog.get_logger(__name__)


class Resync:
    """Lists our objects through `client`, and tells `event_filter` what there is and what is not."""

    def __init__(
        self, client: KubeClient, event_filter: EventFilter, kinds: Collection[AnyKind], namespaces: Sequence[str]
    ) -> None:
        """Look at these namespaces; none means all."""
        self._client = client
        self._event_filter = event_filter
        self._kinds = kinds
        self._namespaces = namespaces
        self._stale: set[AnyKind] = set()
        self._requested = asyncio.Event()

    async def run_all(self) -> None:
        """Take in what exists of every kind that is installed. Raises KubeError."""
        for kind in self._kinds:
            try:
                await self.run(kind)
            except KubeError as error:
                if not error.is_not_found:
                    raise

    async def run(self, kind: AnyKind) -> None:
        """Take in the existing objects of a kind, and forget the others. Raises KubeError."""
        gone = self._event_filter.known(kind)
        async for raw in list_objects(self._client, kind.collections(self._namespaces)):
            self._event_filter.found(kind, raw)
            gone.discard(uid_of(raw))
        for uid in gone:
            self._event_filter.vanished(kind, uid)

    def request(self, collection: str) -> None:
        """List a collection, named by its path in the API, soon: its watch has started again."""
        self._stale |= {
            kind for kind in self._kinds if collection in {each.path for each in kind.collections(self._namespaces)}
        }
        self._requested.set()

    async def run_forever(self) -> None:
        """Resync when it is requested, until cancelled."""
        while True:
            await self._requested.wait()
            self._requested.clear()
            while self._stale:
                kind = self._stale.pop()
                try:
                    await self.run(kind)
                except KubeError as error:
                    _log.info("objects could not be listed", kind=kind.name, error=str(error))
                    await asyncio.sleep(_RETRY_S)
                    self._stale.add(kind)
