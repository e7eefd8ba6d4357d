"""What every Kubernetes object has, read from its JSON, and whether an answer is the object that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime

from datamover_common.kube.resources import Collection, ObjectRef
from datamover_crds import JsonObject


def part_of(raw: JsonObject, name: str) -> JsonObject:
    """A member of an object that is an object itself; {} where it is none."""
    part = raw.get(name)
    return part if isinstance(part, dict) else {}


def metadata_of(raw: JsonObject) -> JsonObject:
    """An object's metadata."""
    return part_of(raw, "metadata")


def reference(raw: JsonObject, field: str) -> str:
    """The name that a reference in an object's spec holds; empty where there is none."""
    return str(part_of(part_of(raw, "spec"), field).get("name", ""))


def uid_of(raw: JsonObject) -> str:
    """An object's uid. Raises ValueError where it has none: nothing may stand for all objects without one."""
    uid = metadata_of(raw).get("uid")
    if not isinstance(uid, str) or not uid:
        raise ValueError(f"{raw.get('kind', 'an object')} {metadata_of(raw).get('name', '')!r} has no uid")
    return uid


def version_of(raw: JsonObject) -> int:
    """An object's resourceVersion, which API servers of this age count upwards (KEP-5504). Raises ValueError."""
    return int(str(metadata_of(raw).get("resourceVersion", "")))


def micro_time(instant: datetime) -> str:
    """A time as metav1.MicroTime: RFC 3339 in UTC, with microseconds."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def why_not_in(collection: Collection, raw: JsonObject) -> str:
    """Why this can't be an object of a collection; empty where it can."""
    found = (raw.get("apiVersion"), raw.get("kind"))
    if found != (collection.type.api_version, collection.type.kind):
        return f"it is a {found[0]} {found[1]}"
    metadata = metadata_of(raw)
    namespace = metadata.get("namespace", "")
    if collection.namespace and namespace != collection.namespace:
        return f"it is in namespace {namespace!r}"
    uid, version = metadata.get("uid"), metadata.get("resourceVersion", "0")
    if not isinstance(uid, str) or not uid:
        return "it has no uid"
    if not isinstance(version, str) or not (version.isascii() and version.isdigit()):
        return f"its resourceVersion is {version!r}"
    return ""


def why_not(ref: ObjectRef, raw: JsonObject) -> str:
    """Why this can't be the object that a reference names; empty where it is."""
    name = metadata_of(raw).get("name")
    return why_not_in(ref.collection, raw) or ("" if name == ref.name else f"its name is {name!r}")
