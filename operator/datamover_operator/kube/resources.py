"""Where our kinds live in the API, and how to merge what is written there."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from pydantic import JsonValue

from datamover_crds import JsonObject, Resource
from datamover_crds.common import API_VERSION
from datamover_operator.kube.cache import part_of

M = TypeVar("M", bound=Resource)

_BASE = f"/apis/{API_VERSION}"


@dataclass(frozen=True, slots=True, eq=False)
class Kind(Generic[M]):
    """One of our kinds: its model, its scope, and the further keys by which its objects are found in a cache."""

    model: type[M]
    index: Callable[[JsonObject], Iterable[Hashable]]
    is_namespaced: bool = True

    @property
    def name(self) -> str:
        """The kind's name, as in `kind: DataMover`."""
        return self.model.__name__

    @property
    def plural(self) -> str:
        """The resource's name in URLs."""
        return f"{self.name.lower()}s"

    def collection(self, namespace: str) -> str:
        """The path of all objects of the kind in a namespace ("" for cluster-scoped kinds)."""
        return f"{_BASE}/namespaces/{namespace}/{self.plural}" if namespace else f"{_BASE}/{self.plural}"

    def collections(self, namespaces: Sequence[str]) -> list[str]:
        """The paths that hold all objects of the kind in these namespaces (none: in all)."""
        scopes = namespaces if self.is_namespaced and namespaces else ("",)
        return [self.collection(namespace) for namespace in scopes]

    def path(self, namespace: str, name: str) -> str:
        """The path of one object."""
        return f"{self.collection(namespace)}/{name}"


def merge_patch(old: JsonObject, new: JsonObject) -> JsonObject:
    """The JSON merge patch (RFC 7386) that makes `new` of `old`; {} where they are equal. Lists are replaced whole."""
    patch: JsonObject = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            inner = merge_patch(before, value)
            if inner:
                patch[key] = inner
        elif before != value or key not in old:
            patch[key] = value
    return patch


def merged(target: JsonValue, patch: JsonValue) -> JsonValue:
    """Apply a JSON merge patch (RFC 7386)."""
    if not isinstance(patch, dict):
        return patch
    result: JsonObject = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def reference(raw: JsonObject, field: str) -> str:
    """The name that a reference in an object's spec holds; empty where there is none."""
    return str(part_of(part_of(raw, "spec"), field).get("name", ""))
