"""Lists page by page, so that neither side holds a long one in memory as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from datamover_common.kube.client import KubeClient, Page
from datamover_common.kube.resources import Collection
from datamover_crds import JsonObject

_LIMIT = 250


async def pages(client: KubeClient, collection: Collection) -> AsyncIterator[Page]:
    """Yield a collection in pages; a watch continues from the last one's version. Raises KubeError."""
    more = ""
    while True:
        page = await client.page(collection, _LIMIT, more)
        yield page
        more = page.more
        if not more:
            return


async def list_objects(client: KubeClient, collections: Iterable[Collection]) -> AsyncIterator[JsonObject]:
    """Yield the objects of some collections. Raises KubeError."""
    for collection in collections:
        async for page in pages(client, collection):
            for item in page.items:
                yield item
