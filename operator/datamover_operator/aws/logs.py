"""CloudWatch Logs: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_Operations.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datamover_operator.aws.replies import every_page, items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datamover_operator.aws.calls import Channel


class BotoLogs:
    """The `Logs` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def resource_policies(self) -> Sequence[str]:
        """Return the documents of DescribeResourcePolicies, all pages, as JSON texts."""
        pages = await every_page(self._channel, "logs", "DescribeResourcePolicies", {}, "nextToken")
        return [str(item.get("policyDocument", "")) for page in pages for item in items_of(page, "resourcePolicies")]
