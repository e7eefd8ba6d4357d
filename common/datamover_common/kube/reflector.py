"""Keeps a store up to date: a list, then watches from there on, and a new list when a watch can't continue.

Source: "Efficient detection of changes" in the Kubernetes API concepts. Meanwhile the last known state is served.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final, Generic

import structlog

from datamover_common.kube.client import KubeClient
from datamover_common.kube.entry import D, M
from datamover_common.kube.errors import KubeError
from datamover_common.kube.listing import pages
from datamover_common.kube.objects import metadata_of, part_of, uid_of
from datamover_common.kube.resources import Collection
from datamover_common.kube.store import Store
from datamover_crds import JsonObject

_AT_A_TIME: Final = 5
"""How many objects are taken in before others get their turn: one that is read as a model takes half a millisecond."""
_WATCH_S: Final = 60
"""Watches are renewed this often, so that a connection that died silently goes unnoticed no longer than that."""
_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 2.0
_REFUSED_DELAY_S: Final = 10.0
_REFUSED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND})
_log = structlog.get_logger(__name__)


class Reflector(Generic[M, D]):
    """Reflects one collection in one store."""

    def __init__(
        self, client: KubeClient, collection: Collection, store: Store[M, D], changed: Callable[[], None]
    ) -> None:
        """`changed` is called after each list and each event."""
        self.problem = ""
        """Why the collection can't be read now, in few words that anybody may see."""
        self._client = client
        self._collection = collection
        self._store: Store[M, D] = store
        self._changed = changed
        self._is_filled = False
        self._tried = asyncio.Event()

    @property
    def is_filled(self) -> bool:
        """Whether the store has held the whole collection at least once."""
        return self._is_filled

    @property
    def is_settled(self) -> bool:
        """Whether the store is filled, or the API server has refused to show the collection."""
        return self._tried.is_set()

    async def settled(self) -> None:
        """Wait for the first list, or its refusal."""
        await self._tried.wait()

    async def reflect(self) -> None:
        """Reflect until cancelled."""
        delay = _FIRST_DELAY_S
        while True:
            try:
                version = await self._list()
                while True:
                    version = await self._watch(version)
                    delay = _FIRST_DELAY_S
            except KubeError as error:
                self._note(error)
                pause = _REFUSED_DELAY_S if error.status in _REFUSED else delay
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads requests
                delay = min(delay * 2, _LONGEST_DELAY_S)

    def _note(self, error: KubeError) -> None:
        if error.status == HTTPStatus.GONE:
            _log.info("a watch expired; listing again", collection=str(self._collection))
            return
        if error.status in _REFUSED:
            self._tried.set()
        self.problem = f"{error.status} {error.reason}" if error.status else error.reason
        _log.warning("a collection can't be read", collection=str(self._collection), error=str(error))

    async def _list(self) -> str:
        """Take in the whole collection; return the resourceVersion from which to watch."""
        uids: set[str] = set()
        version = ""
        async for page in pages(self._client, self._collection):
            for number, item in enumerate(page.items):
                self._store.put(item)
                uids.add(uid_of(item))
                if number % _AT_A_TIME == 0:
                    await asyncio.sleep(0)
            version = page.version
        self._complete(uids, version)
        return version

    def _complete(self, uids: set[str], version: str) -> None:
        self._store.keep_only(uids, int(version or 0))
        self.problem = ""
        self._is_filled = True
        self._tried.set()
        self._changed()

    async def _watch(self, version: str) -> str:
        """Follow the changes after a resourceVersion until the watch ends; return the last one."""
        async with aclosing(self._client.watch(self._collection, version, _WATCH_S)) as events:
            async for event in events:
                kind, obj = event.get("type"), part_of(event, "object")
                if kind == "ERROR":
                    code = obj.get("code")
                    raise KubeError(code if isinstance(code, int) else 0, str(obj.get("reason")), str(obj))
                if kind == "DELETED":
                    self._store.drop(uid_of(obj))
                elif kind in {"ADDED", "MODIFIED"}:
                    self._store.put(obj)
                version = _version(obj) or version
                if kind != "BOOKMARK":
                    self._changed()
        return version


def _version(obj: JsonObject) -> str:
    return str(metadata_of(obj).get("resourceVersion") or "")
