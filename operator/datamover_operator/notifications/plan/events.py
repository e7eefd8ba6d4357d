"""What is sent: a CloudEvents 1.0 event as JSON, signed as Standard Webhooks.

Sources: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md;
https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent
from standardwebhooks.webhooks import EmptyWebhookSecretError, Webhook

from datamover_crds import Delivery, JsonObject, from_timestamp
from datamover_crds.common import GROUP

_LEAST_KEY = 24
"""The least length of a signing key in bytes (Standard Webhooks)."""
_WORD = re.compile("(?<=[a-z])(?=[A-Z])")


class UnusableKeyError(Exception):
    """The signing key is none; the message does not hold it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A body and its headers."""

    body: str
    headers: Mapping[str, str]


def event_type(event: str) -> str:
    """The CloudEvent's type: `io.datamover.run.succeeded` for RunSucceeded."""
    domain = ".".join(reversed(GROUP.split(".")))
    return f"{domain}.{'.'.join(_WORD.split(event)).lower()}"


def cloud_event(delivery: Delivery, source: str, subject: str, data: JsonObject) -> Message:
    """The event, which is the same for every try."""
    attributes = {
        "id": delivery.id,
        "source": source,
        "type": event_type(delivery.event),
        "subject": subject,
        "time": from_timestamp(delivery.time),
        "datacontenttype": "application/json",
    }
    detail: JsonObject = {"detail": delivery.detail} if delivery.detail else {}
    told: JsonObject = {"event": delivery.event, **detail, **data}
    message = to_structured_event(CloudEvent(attributes, dict(told)))
    return Message(message.body.decode(), {str(name).lower(): str(value) for name, value in message.headers.items()})


def signed(message: Message, message_id: str, now: datetime, key: str | None) -> Message:
    """The message with the headers of Standard Webhooks; without a key it has no signature. Raises UnusableKeyError."""
    headers = {"webhook-id": message_id, "webhook-timestamp": str(int(now.timestamp()))}
    if key is not None:
        headers["webhook-signature"] = _signer(key).sign(message_id, now, message.body)
    return Message(message.body, {**message.headers, **headers})


def _signer(key: str) -> Webhook:
    try:
        signer = Webhook(key)
    except (binascii.Error, EmptyWebhookSecretError, ValueError):
        raise UnusableKeyError("the signing key is not base64 text, such as whsec_ and 24 to 64 random bytes") from None
    if len(signer._whsecret) < _LEAST_KEY:  # noqa: SLF001 - the library does not check the length
        raise UnusableKeyError(f"the signing key has fewer than {_LEAST_KEY} bytes")
    return signer
