"""Where our kinds live in the API, and how to merge what is written there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from pydantic import JsonValue

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, JsonObject
from datamover_crds.common import API_VERSION

_BASE = f"/apis/{API_VERSION}"


@dataclass(frozen=True, slots=True)
class Resource:
    """One of our kinds."""

    kind: str
    plural: str
    model: type[DataMover | DataMoverRun | DataMoverAccount]
    is_namespaced: bool = True

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


class Kind(Enum):
    """The kinds that the operator reconciles."""

    MOVER = Resource("DataMover", "datamovers", DataMover)
    RUN = Resource("DataMoverRun", "datamoverruns", DataMoverRun)
    ACCOUNT = Resource("DataMoverAccount", "datamoveraccounts", DataMoverAccount, is_namespaced=False)


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
