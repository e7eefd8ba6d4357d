"""The operator's view of its objects: the newest version it has seen or written, by uid."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, InvalidObject, JsonObject, parse

M = TypeVar("M", DataMover, DataMoverRun, DataMoverAccount)


@dataclass(frozen=True, slots=True)
class Entry(Generic[M]):
    """One object; `model` is None where the stored object does not fit the model, and `problem` says why."""

    raw: JsonObject
    model: M | None
    problem: str = ""

    @property
    def metadata(self) -> JsonObject:
        """The object's metadata as stored."""
        return metadata_of(self.raw)

    @property
    def uid(self) -> str:
        """The object's uid."""
        return str(self.metadata.get("uid", ""))

    @property
    def version(self) -> int:
        """The object's resourceVersion, which API servers of this age count upwards (KEP-5504)."""
        return int(str(self.metadata.get("resourceVersion", "0")))


class Cache(Generic[M]):
    """Objects of one kind, by uid, by namespace and name, and by further keys (a run's mover, a mover's account)."""

    def __init__(self, model: type[M], index: Callable[[M], Iterable[Hashable]]) -> None:
        """Hold objects of `model`; `index` gives each one's further keys."""
        self._model: type[M] = model
        self._index: Callable[[M], Iterable[Hashable]] = index
        self._entries: dict[str, Entry[M]] = {}
        self._names: dict[tuple[str, str], str] = {}
        self._indexed: dict[Hashable, dict[str, M]] = {}

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
        return list(self._indexed.get(key, {}).values())

    def put(self, raw: JsonObject) -> Entry[M]:
        """Take in an object as the API server sent it, unless a newer version is here already; return what is here."""
        unread: Entry[M] = Entry(raw, None)
        known = self._entries.get(unread.uid)
        if known is not None and known.version >= unread.version:
            return known
        entry = self._read(raw)
        self._forget_index(entry.uid)
        self._entries[entry.uid] = entry
        self._names[_name(entry)] = entry.uid
        if entry.model is not None:
            for key in self._index(entry.model):
                self._indexed.setdefault(key, {})[entry.uid] = entry.model
        return entry

    def drop(self, uid: str) -> None:
        """The object is gone."""
        self._forget_index(uid)
        entry = self._entries.pop(uid, None)
        if entry is not None and self._names.get(_name(entry)) == uid:
            del self._names[_name(entry)]

    def _read(self, raw: JsonObject) -> Entry[M]:
        slim = raw | {"metadata": {k: v for k, v in metadata_of(raw).items() if k != "managedFields"}}
        try:
            return Entry(slim, parse(self._model, slim))
        except InvalidObject as problem:
            return Entry(slim, None, str(problem))

    def _forget_index(self, uid: str) -> None:
        known = self._entries.get(uid)
        if known is None or known.model is None:
            return
        for key in self._index(known.model):
            bucket = self._indexed.get(key, {})
            bucket.pop(uid, None)
            if not bucket:
                self._indexed.pop(key, None)


def metadata_of(raw: JsonObject) -> JsonObject:
    """An object's metadata."""
    metadata = raw.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def _name(entry: Entry[M]) -> tuple[str, str]:
    return str(entry.metadata.get("namespace", "")), str(entry.metadata.get("name", ""))
