"""Objects of one kind as the API server last showed them, and waits for their changes."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Final, Generic, TypeVar, cast

from datamover_common.kube.entry import D, Entry, M, Packing
from datamover_common.kube.objects import uid_of, version_of
from datamover_crds import JsonObject

T = TypeVar("T")
_BURIED: Final = 10_000
"""How many deleted objects are remembered: more than there are answers on their way at any moment."""
_DERIVED: Final = 256
"""Of how many keys is kept what was derived from their objects."""


class Store(Generic[M, D]):
    """Objects by uid, by namespace and name, and by further keys; the newest version wins, whichever way it came."""

    def __init__(
        self, model: type[M], digest: Callable[[JsonObject], D], keys: Callable[[D], Iterable[Hashable]]
    ) -> None:
        """Hold objects of `model`.

        `digest` gives what is kept of an object while it is packed; it gets any JSON that the API server has stored.
        `keys` gives the further keys under which that makes it found.
        """
        self._packing: Packing[M] = Packing(model)
        self._digest = digest
        self._keys: Callable[[D], Iterable[Hashable]] = keys
        self._entries: dict[str, Entry[M, D]] = {}
        self._named: dict[str, dict[str, Entry[M, D]]] = {}
        self._indexed: dict[Hashable, dict[str, Entry[M, D]]] = {}
        self._derived: OrderedDict[Hashable, dict[object, object]] = OrderedDict()
        self._buried: dict[str, None] = {}
        self._waiting: dict[str, set[asyncio.Future[None]]] = {}

    def __iter__(self) -> Iterator[Entry[M, D]]:
        """Go through a snapshot of all objects."""
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._entries)

    def get(self, uid: str) -> Entry[M, D] | None:
        """The object with this uid."""
        return self._entries.get(uid)

    def model(self, uid: str) -> M | None:
        """The object with this uid, unpacked."""
        entry = self._entries.get(uid)
        return entry.model if entry is not None else None

    def named(self, namespace: str, name: str) -> Entry[M, D] | None:
        """The object that has this name now."""
        return self._named.get(namespace, {}).get(name)

    def entries(self, key: Hashable) -> list[Entry[M, D]]:
        """The objects with this further key, packed or not."""
        return list(self._indexed.get(key, {}).values())

    def under(self, key: Hashable) -> list[M]:
        """The objects with this further key, all of them unpacked."""
        return [entry.model for entry in self.entries(key)]

    def uids(self, key: Hashable) -> list[str]:
        """The uids of the objects with this further key."""
        return list(self._indexed.get(key, ()))

    def derived(self, key: Hashable, make: Callable[[Iterable[Entry[M, D]]], T]) -> T:
        """What `make` makes of the objects with this further key; made again after one of them has changed."""
        if key not in self._indexed:  # clients can think of any key: nothing is kept for these
            return make(())
        made = self._derived.setdefault(key, {})
        self._derived.move_to_end(key)
        if len(self._derived) > _DERIVED:
            self._derived.popitem(last=False)
        if make not in made:
            made[make] = make(self._indexed[key].values())
        return cast("T", made[make])

    def put(self, raw: JsonObject) -> Entry[M, D]:
        """Take in an object as the API server sent it; return what is here. Raises ValueError for one without a uid.

        A newer version that is here already stays, and what is gone does not come back by a late answer.
        """
        uid = uid_of(raw)
        known = self._entries.get(uid)
        if known is not None and known.version >= version_of(raw):
            return known
        entry: Entry[M, D] = Entry(self._packing, raw, self._digest(raw))
        if uid in self._buried:
            return entry
        if known is not None:
            entry.follow(known)
        self._forget(uid)
        self._entries[uid] = entry
        self._named.setdefault(entry.namespace, {})[entry.name] = entry
        for key in self._keys(entry.digest):
            self._indexed.setdefault(key, {})[uid] = entry
            self._derived.pop(key, None)
        self._packing.use(entry)
        self._wake(uid)
        return entry

    def drop(self, uid: str) -> None:
        """The object is gone, and stays so."""
        self._buried[uid] = None
        if len(self._buried) > _BURIED:
            del self._buried[next(iter(self._buried))]
        self._forget(uid)
        self._wake(uid)

    def keep_only(self, uids: set[str], version: int) -> None:
        """A list of this resourceVersion holds these alone; what is newer than the list stays."""
        for uid in self._entries.keys() - uids:
            if self._entries[uid].version <= version:
                self.drop(uid)

    async def until(self, uid: str, holds: Callable[[M | None], bool], seconds: float) -> M | None:
        """Wait until `holds` is true of the object (None where there is none), and return it.

        Raises:
            TimeoutError: it was not within `seconds`.
        """
        async with asyncio.timeout(seconds):
            while not holds(found := self.model(uid)):
                await self._change(uid)
        return found

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
        entry = self._entries.pop(uid, None)
        if entry is None:
            return
        self._packing.forget(entry)
        named = self._named[entry.namespace]
        if named.get(entry.name) is entry:
            del named[entry.name]
        for key in self._keys(entry.digest):
            self._derived.pop(key, None)
            bucket = self._indexed.get(key, {})
            bucket.pop(uid, None)
            if not bucket:
                self._indexed.pop(key, None)
