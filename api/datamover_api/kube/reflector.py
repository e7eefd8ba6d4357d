"""Keeps a store up to date: a list, then watches from there on, and a new list where a watch can't go on.

Source: "Efficient detection of changes" in the Kubernetes API concepts. What was seen last is served meanwhile.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final, Generic

import structlog

from datamover_api.kube.client import KubeClient, KubeError
from datamover_api.kube.store import M, Store
from datamover_crds import JsonObject

_PAGE: Final = 100
_AT_A_TIME: Final = 2
"""How many objects are read before others get their turn: a model takes some tenths of a millisecond."""
_WATCH_S: Final = 60
"""Watches are renewed this often, so that one whose connection died in silence goes unnoticed no longer than that."""
_FIRST_DELAY_S: Final = 0.2
_LONGEST_DELAY_S: Final = 2.0
_REFUSED_DELAY_S: Final = 10.0
_log = structlog.get_logger(__name__)


class Reflector(Generic[M]):
    """Reflects one collection, given by its path, in one store."""

    def __init__(self, client: KubeClient, path: str, store: Store[M], changed: Callable[[], None]) -> None:
        """`changed` is called after each list and each event."""
        self.problem = ""
        """Why the collection can't be read now, in few words that anybody may see."""
        self._client = client
        self._path = path
        self._store: Store[M] = store
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
                is_refused = error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
                pause = _REFUSED_DELAY_S if is_refused else delay
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads requests
                delay = min(delay * 2, _LONGEST_DELAY_S)

    def _note(self, error: KubeError) -> None:
        if error.status == HTTPStatus.GONE:
            _log.info("a watch was too old to go on", path=self._path)
            return
        if error.status in {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}:
            self._tried.set()
        self.problem = f"{error.status} {error.reason}" if error.status else error.reason
        _log.warning("a collection can't be read", path=self._path, error=str(error))

    async def _list(self) -> str:
        """Take in the whole collection; return the resourceVersion from which to watch."""
        uids: set[str] = set()
        query = {"limit": str(_PAGE)}
        while True:
            page = await self._client.get(self._path, query)
            items, metadata = page.get("items"), page.get("metadata")
            for number, item in enumerate(items if isinstance(items, list) else ()):
                if isinstance(item, dict):
                    self._store.put(item)
                    uids.add(_uid(item))
                if number % _AT_A_TIME == 0:
                    await asyncio.sleep(0)
            told = metadata if isinstance(metadata, dict) else {}
            more = told.get("continue")
            if not more:
                version = str(told.get("resourceVersion", ""))
                self._complete(uids, version)
                return version
            query["continue"] = str(more)

    def _complete(self, uids: set[str], version: str) -> None:
        self._store.keep_only(uids, int(version or 0))
        self.problem = ""
        self._is_filled = True
        self._tried.set()
        self._changed()

    async def _watch(self, version: str) -> str:
        """Follow the changes after a resourceVersion until the watch ends; return the last one."""
        async with aclosing(self._client.watch(self._path, version, _WATCH_S)) as events:
            async for event in events:
                obj = event.get("object")
                if not isinstance(obj, dict):
                    continue
                if event.get("type") == "ERROR":
                    code = obj.get("code")
                    raise KubeError(code if isinstance(code, int) else 0, str(obj.get("reason")), str(obj))
                version = self._take(str(event.get("type")), obj) or version
        return version

    def _take(self, kind: str, obj: JsonObject) -> str:
        if kind == "DELETED":
            self._store.drop(_uid(obj))
        elif kind in {"ADDED", "MODIFIED"}:
            self._store.put(obj)
        if kind != "BOOKMARK":
            self._changed()
        metadata = obj.get("metadata")
        return str(metadata.get("resourceVersion", "")) if isinstance(metadata, dict) else ""


def _uid(obj: JsonObject) -> str:
    metadata = obj.get("metadata")
    return str(metadata.get("uid", "")) if isinstance(metadata, dict) else ""
