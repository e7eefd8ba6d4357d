"""The operator's view of its objects: the newest version it has seen or written, by uid."""

from __future__ import annotations

import json
import zlib
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Generic, TypeVar, cast
from weakref import ref

from datamover_crds import InvalidObject, JsonObject, Resource, parse, salvage

M = TypeVar("M", bound=Resource)

_RECENT = 128
"""How many of a kind's newest objects are kept unpacked: mostly they are looked at, and written, again at once."""
_BURIED = 10_000
"""How many deleted objects are remembered: more than there are answers on their way at any moment."""


class Entry(Generic[M]):
    """One object as stored, which nobody changes."""

    __slots__ = ("__weakref__", "_held", "_kept", "_model", "_packed", "_problem", "_raw", "key", "uid", "version")

    def __init__(self, model: type[M], raw: JsonObject) -> None:
        """Keep what the API server sent, less what nobody reads."""
        metadata = metadata_of(raw)
        slim = {name: value for name, value in metadata.items() if name != "managedFields"}
        self._model: type[M] = model
        self._raw: JsonObject | None = raw | {"metadata": slim}
        self._packed = b""
        self._held: M | None = None
        self._kept: ref[M] | None = None
        self._problem = ""
        self.uid = uid_of(raw)
        self.key = str(metadata.get("namespace", "")), str(metadata.get("name", ""))
        """Namespace and name."""
        self.version = version_of(raw)

    def pack(self) -> None:
        """Take a tenth of a model's room from now on; the object is read whenever it is looked at."""
        self._packed = zlib.compress(json.dumps(self.raw, separators=(",", ":")).encode(), 1)
        self._raw = self._held = None

    @property
    def raw(self) -> JsonObject:
        """The object as the API server sent it, without managedFields."""
        if self._raw is not None:
            return self._raw
        return cast("JsonObject", json.loads(zlib.decompress(self._packed)))

    @property
    def metadata(self) -> JsonObject:
        """The object's metadata as stored."""
        return metadata_of(self.raw)

    @property
    def model(self) -> M:
        """The object; where its model refuses it (see `problem`), as much of it as can be read."""
        model = self._kept() if self._kept is not None else None
        if model is None:
            model = self._read()
            self._kept = ref(model)
            self._held = model if self._raw is not None else None
        return model

    @property
    def problem(self) -> str:
        """Why the model refuses the object: field, value and what is accepted; empty where it does not."""
        _ = self.model
        return self._problem

    def _read(self) -> M:
        raw = self.raw
        try:
            return parse(self._model, raw)
        except InvalidObject as problem:
            self._problem = str(problem)
            return salvage(self._model, raw)


class Cache(Generic[M]):
    """Objects of one kind, by uid, by namespace and name, and by further keys (a run's mover, a mover's account)."""

    def __init__(self, model: type[M], index: Callable[[JsonObject], Iterable[Hashable]]) -> None:
        """Hold objects of `model`; `index` gives each one's further keys."""
        self._model: type[M] = model
        self._index = index
        self._entries: dict[str, Entry[M]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._keys: dict[str, tuple[Hashable, ...]] = {}
        self._indexed: dict[Hashable, dict[str, Entry[M]]] = {}
        self._buried: dict[str, None] = {}
        self._recent: deque[Entry[M]] = deque()

    def __iter__(self) -> Iterator[Entry[M]]:
        """Go through a snapshot of all entries."""
        return iter(list(self._entries.values()))

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self._entries)

    def get(self, uid: str) -> Entry[M] | None:
        """The object with this uid."""
        return self._entries.get(uid)

    def named(self, namespace: str, name: str) -> Entry[M] | None:
        """The object that has this name now."""
        return self._entries.get(self._names.get((namespace, name), ""))

    def under(self, key: Hashable) -> list[M]:
        """The objects with this further key."""
        return [entry.model for entry in list(self._indexed.get(key, {}).values())]

    def uids(self, key: Hashable) -> list[str]:
        """The uids of the objects with this further key."""
        return list(self._indexed.get(key, ()))

    def put(self, raw: JsonObject) -> Entry[M]:
        """Take in an object as the API server sent it; return what is here.

        A newer version that is here already stays, and what is gone does not come back by a late answer.
        """
        known = self._entries.get(uid_of(raw))
        if known is not None and known.version >= version_of(raw):
            return known
        entry = Entry(self._model, raw)
        if entry.uid in self._buried:
            return entry
        self._forget_index(entry.uid)
        self._entries[entry.uid] = entry
        self._names[entry.key] = entry.uid
        keys = self._keys[entry.uid] = tuple(self._index(raw))
        for key in keys:
            self._indexed.setdefault(key, {})[entry.uid] = entry
        self._recent.append(entry)
        if len(self._recent) > _RECENT:
            self._pack(self._recent.popleft())
        return entry

    def _pack(self, entry: Entry[M]) -> None:
        if self._entries.get(entry.uid) is entry:  # else it has a successor, and goes
            entry.pack()

    def drop(self, uid: str) -> None:
        """The object is gone."""
        self._buried[uid] = None
        if len(self._buried) > _BURIED:
            del self._buried[next(iter(self._buried))]
        self._forget_index(uid)
        entry = self._entries.pop(uid, None)
        if entry is not None and self._names.get(entry.key) == uid:
            del self._names[entry.key]

    def _forget_index(self, uid: str) -> None:
        for key in self._keys.pop(uid, ()):
            bucket = self._indexed.get(key, {})
            bucket.pop(uid, None)
            if not bucket:
                self._indexed.pop(key, None)


def uid_of(raw: JsonObject) -> str:
    """An object's uid."""
    return str(metadata_of(raw).get("uid", ""))


def version_of(raw: JsonObject) -> int:
    """An object's resourceVersion, which API servers of this age count upwards (KEP-5504)."""
    return int(str(metadata_of(raw).get("resourceVersion", "0")))


def metadata_of(raw: JsonObject) -> JsonObject:
    """An object's metadata."""
    return part_of(raw, "metadata")


def part_of(raw: JsonObject, name: str) -> JsonObject:
    """A member of an object that is an object itself; {} where it is none."""
    part = raw.get(name)
    return part if isinstance(part, dict) else {}
