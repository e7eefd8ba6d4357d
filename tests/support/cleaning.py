"""Remove what a test left in its API server, when no operator runs any more that would honour finalizers."""

from __future__ import annotations

from tests.support.api import GROUP, Api, ApiError, JsonDict

KINDS = ("datamoverruns", "datamovers", "datamoveraccounts", "tablesyncs")
NOT_FOUND = 404


def remove_custom_resources(api: Api) -> None:
    """Delete every custom resource of ours, finalizers or not."""
    for kind in KINDS:
        for item in _items(api, kind):
            _remove(api, kind, item["metadata"])


def _items(api: Api, kind: str) -> list[JsonDict]:
    try:
        items: list[JsonDict] = api.get(f"{GROUP}/{kind}")["items"]
    except ApiError as error:
        if error.status == NOT_FOUND:  # the kind is not installed
            return []
        raise
    return items


def _remove(api: Api, kind: str, metadata: JsonDict) -> None:
    namespace = f"namespaces/{metadata['namespace']}/" if "namespace" in metadata else ""
    path = f"{GROUP}/{namespace}{kind}/{metadata['name']}"
    try:
        api.delete(path)
        if metadata.get("finalizers"):
            api.patch(path, {"metadata": {"finalizers": None}})
    except ApiError as error:
        if error.status != NOT_FOUND:  # the garbage collector was faster
            raise
