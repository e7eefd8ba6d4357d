"""Amazon SQS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from datamover_operator.aws.ports import QueueMessage
from datamover_operator.aws.replies import items_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from datamover_operator.aws.calls import Channel

_MOST: Final = 10
_LONGEST_WAIT: Final = 20
_ANSWERING: Final = 5.0
"""Seconds that an answer may take beside the waiting."""


class BotoQueue:
    """The `Queue` port: over two channels to one account, of which `patient` has threads of its own, for it waits."""

    def __init__(self, channel: Channel, patient: Channel, read_timeout: float) -> None:
        """Wait for messages no longer than `read_timeout` allows, in seconds."""
        self._channel = channel
        self._patient = patient
        self._wait = max(0, min(_LONGEST_WAIT, int(read_timeout - _ANSWERING)))

    async def receive(self, url: str) -> Sequence[QueueMessage]:
        """Wait for messages for up to 20 s; return at most ten."""
        request = {"QueueUrl": url, "MaxNumberOfMessages": _MOST, "WaitTimeSeconds": self._wait}
        reply = await self._patient.call("sqs", "ReceiveMessage", request)
        return [
            QueueMessage(str(item.get("Body", "")), str(item.get("ReceiptHandle", "")))
            for item in items_of(reply, "Messages")
        ]

    async def delete(self, url: str, receipts: Sequence[str]) -> None:
        """Delete at most ten messages; one that can't be deleted comes again."""
        entries = [{"Id": str(number), "ReceiptHandle": receipt} for number, receipt in enumerate(receipts)]
        await self._channel.call("sqs", "DeleteMessageBatch", {"QueueUrl": url, "Entries": entries})
