"""The Resource Groups Tagging API: https://docs.aws.amazon.com/resourcegroupstagging/latest/APIReference/."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datamover_operator.aws.replies import every_page, items_of, tags_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from datamover_operator.aws.calls import Channel


class BotoTagging:
    """The `Tagging` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def find(self, tags: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
        """Return {arn: tags} of every DataSync resource that carries all the given tags (GetResources, all pages)."""
        return await self._resources([{"Key": key, "Values": [value]} for key, value in tags.items()])

    async def find_all(self, key: str | None = None) -> Mapping[str, Mapping[str, str]]:
        """Return {arn: tags} of every DataSync resource that carries a tag of this key; None: of every tagged one."""
        return await self._resources([{"Key": key}] if key is not None else [])

    async def _resources(self, filters: list[dict[str, object]]) -> dict[str, Mapping[str, str]]:
        request = {"ResourceTypeFilters": ["datasync"], "TagFilters": filters, "ResourcesPerPage": 100}
        pages = await every_page(self._channel, "resourcegroupstaggingapi", "GetResources", request, "PaginationToken")
        return {
            text_of(item, "ResourceARN", "GetResources"): tags_of(item, "Tags")
            for page in pages
            for item in items_of(page, "ResourceTagMappingList")
        }
