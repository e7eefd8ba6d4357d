"""One object as stored: packed while it is not in use."""

from __future__ import annotations

import json
import sys
import zlib
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar, cast

from datamover_common.kube.objects import metadata_of, uid_of, version_of
from datamover_crds import InvalidObject, JsonObject, Resource, parse, salvage

M = TypeVar("M", bound=Resource)
D = TypeVar("D")

_UNPACKED: Final = 128
"""How many of a kind's objects stay unpacked: those that were written or read last are soon read and written again."""
_NO_HEADER: Final = -zlib.MAX_WBITS
_PARTS: Final = ("spec", "status")


def read(model: type[M], raw: JsonObject, **known: object) -> tuple[M, str]:
    """Read an object; where its model refuses it, as much of it as can be read, and why.

    `known` are members that have been read already.
    """
    try:
        return parse(model, {**raw, **known}), ""
    except InvalidObject as problem:
        return salvage(model, raw), str(problem)


@dataclass(slots=True)
class _Unpacked(Generic[M]):
    raw: JsonObject
    model: M | None = None
    problem: str = ""
    known: dict[str, object] = field(default_factory=dict)


class Packing(Generic[M]):
    """How the objects of one kind are packed, and which of them are not at the moment."""

    def __init__(self, model: type[M]) -> None:
        """Pack objects of `model`."""
        self.model: type[M] = model
        self._sample = b""
        self._unpacked: OrderedDict[Entry[M, Any], None] = OrderedDict()

    def use(self, entry: Entry[M, Any]) -> None:
        """An unpacked entry is in use: the one that was not for longest is packed where there are too many."""
        self._unpacked[entry] = None
        self._unpacked.move_to_end(entry)
        if len(self._unpacked) > _UNPACKED:
            self._unpacked.popitem(last=False)[0].pack()

    def forget(self, entry: Entry[M, Any]) -> None:
        """An entry is no longer in the store."""
        self._unpacked.pop(entry, None)

    def packed(self, raw: JsonObject) -> bytes:
        """Pack an object: what it has in common with the first one, which is most of it, takes no room."""
        text = json.dumps(raw, separators=(",", ":")).encode()
        self._sample = self._sample or text
        packer = zlib.compressobj(wbits=_NO_HEADER, zdict=self._sample)
        return packer.compress(text) + packer.flush()

    def unpacked(self, packed: bytes) -> JsonObject:
        """The object again."""
        return cast("JsonObject", json.loads(zlib.decompressobj(_NO_HEADER, self._sample).decompress(packed)))


class Entry(Generic[M, D]):
    """One object as stored, which nobody changes."""

    __slots__ = ("_packed", "_packing", "_unpacked", "digest", "name", "namespace", "uid", "version")

    def __init__(self, packing: Packing[M], raw: JsonObject, digest: D) -> None:
        """Keep what the API server sent, less what nobody reads. Raises ValueError for an object without a uid."""
        metadata = metadata_of(raw)
        slim = {name: value for name, value in metadata.items() if name != "managedFields"}
        self._packing: Packing[M] = packing
        self._packed = b""
        self._unpacked: _Unpacked[M] | None = _Unpacked(raw | {"metadata": slim})
        self.uid = uid_of(raw)
        self.namespace = sys.intern(str(metadata.get("namespace", "")))
        self.name = str(metadata.get("name", ""))
        self.version = version_of(raw)
        self.digest = digest
        """What is known of it without unpacking it."""

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.namespace, self.name

    def follow(self, before: Entry[M, D]) -> None:
        """It is the next version of an object: a spec or a status that is the same is not read once more."""
        held, ours = before._unpacked, self._unpacked
        if held is not None and held.model is not None and ours is not None and not held.problem:
            same = (part for part in _PARTS if part in ours.raw and held.raw.get(part) == ours.raw[part])
            ours.known = {part: getattr(held.model, part) for part in same}

    def pack(self) -> None:
        """Pack it from now on."""
        if self._unpacked is not None:
            self._packed = self._packed or self._packing.packed(self._unpacked.raw)
        self._unpacked = None

    @property
    def raw(self) -> JsonObject:
        """The object as the API server sent it, without managedFields."""
        return self._unpacked.raw if self._unpacked is not None else self._packing.unpacked(self._packed)

    @property
    def metadata(self) -> JsonObject:
        """The object's metadata as stored."""
        return metadata_of(self.raw)

    @property
    def model(self) -> M:
        """The object; where its model refuses it (see `problem`), as much of it as can be read."""
        return cast("M", self._read().model)

    @property
    def problem(self) -> str:
        """Why the model refuses the object: field, value and what is accepted; empty where it does not."""
        return self._read().problem

    def _read(self) -> _Unpacked[M]:
        unpacked = self._unpacked = self._unpacked or _Unpacked(self.raw)
        if unpacked.model is None:
            unpacked.model, unpacked.problem = read(self._packing.model, unpacked.raw, **unpacked.known)
        self._packing.use(self)
        return unpacked
