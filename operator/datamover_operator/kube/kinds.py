"""Our own kinds: where their objects live, how they are read, and how they are found in a store."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic

from datamover_common.kube import entry
from datamover_common.kube.entry import M
from datamover_common.kube.resources import Collection, ObjectRef, ResourceType, ours
from datamover_common.kube.store import Store
from datamover_crds import JsonObject

Keys = tuple[Hashable, ...]
Cache = Store[M, Keys]
"""The objects of one kind."""
Entry = entry.Entry[M, Keys]
"""One object in a cache."""


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[M]):
    """One of our kinds; `index` gives the keys, besides uid and name, under which a store finds an object.

    It gets any JSON that the API server has stored: no model has read it.
    """

    model: type[M]
    index: Callable[[JsonObject], Iterable[Hashable]]
    is_namespaced: bool = True

    @property
    def name(self) -> str:
        """The kind's name, as in `kind: DataMover`."""
        return self.model.__name__

    @property
    def type(self) -> ResourceType:
        """What the API calls it."""
        return ours(self.model)

    def collection(self, namespace: str) -> Collection:
        """All objects of the kind in a namespace ("" for cluster-scoped kinds)."""
        return self.type.within(namespace)

    def collections(self, namespaces: Sequence[str]) -> list[Collection]:
        """What holds all objects of the kind in these namespaces (none: in all)."""
        scopes = namespaces if self.is_namespaced and namespaces else ("",)
        return [self.collection(namespace) for namespace in scopes]

    def cache(self) -> Cache[M]:
        """A cache for objects of the kind."""
        return Store(self.model, lambda raw: tuple(self.index(raw)), tuple)

    def named(self, namespace: str, name: str) -> ObjectRef:
        """The object of this name."""
        return self.collection(namespace).named(name)
