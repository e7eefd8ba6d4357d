"""Lists all objects of a kind, page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

from datamover_crds import JsonObject
from datamover_operator.kube.client import KubeClient
from datamover_operator.kube.resources import Kind

_PAGE = "500"


async def list_objects(client: KubeClient, kind: Kind[Any], namespaces: Sequence[str]) -> AsyncIterator[JsonObject]:
    """Yield what there is of a kind in these namespaces (none: in all). Raises KubeError."""
    for collection in kind.collections(namespaces):
        query = {"limit": _PAGE}
        while query:
            page = await client.get(collection, query)
            items, metadata = page.get("items"), page.get("metadata")
            for item in items if isinstance(items, list) else []:
                if isinstance(item, dict):
                    yield item
            token = metadata.get("continue") if isinstance(metadata, dict) else None
            query = {"limit": _PAGE, "continue": str(token)} if token else {}
