"""Objects of one kind and place as the API server last showed them, and waits for their changes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable, Iterable
from typing import Final, Generic, TypeVar, cast

import structlog

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, InvalidObject, JsonObject, parse

M = TypeVar("M", DataMover, DataMoverRun, DataMoverAccount)
T = TypeVar("T")
_REMEMBERED: Final = 10_000
_log = structlog.get_logger(__name__)


class Store(Generic[M]):
    """Objects by uid, by name, and by further keys; the newest version wins, whichever way it came.

    An object that its model refuses is left out: whoever wrote it is told by the operator.
    """

    def __init__(self, model: type[M], index: Callable[[M], Iterable[Hashable]]) -> None:
        """Hold objects of `model`; `index` gives each one's further keys."""
        self._model: type[M] = model
        self._index: Callable[[M], Iterable[Hashable]] = index
        self._objects: dict[str, M] = {}
        self._names: dict[str, str] = {}
        self._indexed: dict[Hashable, dict[str, M]] = {}
        self._derived: dict[Hashable, dict[object, object]] = {}
        self._gone: dict[str, None] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._objects)

    def all(self) -> Iterable[M]:
        """All objects."""
        return self._objects.values()

    def get(self, uid: str) -> M | None:
        """The object with this uid."""
        return self._objects.get(uid)

    def named(self, name: str) -> M | None:
        """The object that has this name now."""
        return self._objects.get(self._names.get(name, ""))

    def under(self, key: Hashable) -> Iterable[M]:
        """The objects with this further key."""
        return self._indexed.get(key, {}).values()

    def derived(self, key: Hashable, make: Callable[[Iterable[M]], T]) -> T:
        """What `make` makes of the objects with this further key; made anew after one of them has changed."""
        if key not in self._indexed:  # clients can think of any key: nothing is kept for these
            return make(())
        made = self._derived.setdefault(key, {})
        if make not in made:
            made[make] = make(self.under(key))
        return cast("T", made[make])

    def put(self, raw: JsonObject) -> M | None:
        """Take in an object, unless a newer version is here or it is known to be gone; return what is here."""
        uid, version = _identity(raw)
        known = self._objects.get(uid)
        if uid in self._gone or (known is not None and version_of(known) >= version):
            return known
        try:
            obj = parse(self._model, raw)
        except InvalidObject as problem:
            _log.warning("an object is left out", kind=self._model.__name__, problem=str(problem))
            self._forget(uid)
            self._wake(uid)
            return None
        self._forget(uid)
        self._objects[uid] = obj
        self._names[obj.metadata.name] = uid
        for key in self._index(obj):
            self._indexed.setdefault(key, {})[uid] = obj
            self._derived.pop(key, None)
        self._wake(uid)
        return obj

    def drop(self, uid: str) -> None:
        """The object is gone, and stays so: an answer to an earlier request, or a watch, may still tell of its past."""
        self._gone[uid] = None
        if len(self._gone) > _REMEMBERED:
            del self._gone[next(iter(self._gone))]
        self._forget(uid)
        self._wake(uid)

    def keep_only(self, uids: set[str], version: int) -> None:
        """A list of this resourceVersion holds these alone; what is newer than the list stays."""
        for uid in self._objects.keys() - uids:
            if version_of(self._objects[uid]) <= version:
                self.drop(uid)

    async def until(self, uid: str, holds: Callable[[M | None], bool], seconds: float) -> M | None:
        """Wait until `holds` is true of the object (None where there is none), and return it.

        Raises:
            TimeoutError: it was not within `seconds`.
        """
        async with asyncio.timeout(seconds):
            while not holds(self.get(uid)):
                await self._change(uid)
        return self.get(uid)

    async def _change(self, uid: str) -> None:
        change: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        waiting = self._waiting.setdefault(uid, set())
        waiting.add(change)
        try:
            await change
        finally:
            waiting.discard(change)
            if not waiting and self._waiting.get(uid) is waiting:
                del self._waiting[uid]

    def _wake(self, uid: str) -> None:
        for change in self._waiting.get(uid, ()):
            if not change.done():
                change.set_result(None)

    def _forget(self, uid: str) -> None:
        known = self._objects.pop(uid, None)
        if known is None:
            return
        if self._names.get(known.metadata.name) == uid:
            del self._names[known.metadata.name]
        for key in self._index(known):
            self._derived.pop(key, None)
            bucket = self._indexed[key]
            del bucket[uid]
            if not bucket:
                del self._indexed[key]


def _identity(raw: JsonObject) -> tuple[str, int]:
    """An object's uid and resourceVersion."""
    metadata = raw.get("metadata")
    told = metadata if isinstance(metadata, dict) else {}
    return str(told.get("uid", "")), int(str(told.get("resourceVersion") or 0))


def version_of(obj: DataMover | DataMoverRun | DataMoverAccount) -> int:
    """An object's resourceVersion, which API servers count upwards (KEP-5504)."""
    return int(obj.metadata.resource_version or 0)
