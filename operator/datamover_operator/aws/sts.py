"""STS: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datamover_operator.aws.replies import text_of

if TYPE_CHECKING:
    from datamover_operator.aws.calls import Channel


class BotoSts:
    """The `Sts` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def caller_identity(self) -> tuple[str, str]:
        """Return (account id, caller ARN) of GetCallerIdentity."""
        reply = await self._channel.call("sts", "GetCallerIdentity", {})
        return text_of(reply, "Account", "GetCallerIdentity"), text_of(reply, "Arn", "GetCallerIdentity")
