"""A client's webhook as the notification of a mover: whom to notify, of what, and what calls are signed with."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Final

from pydantic import JsonValue

from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_api.sync.wire import Webhook
from datamover_crds import Delivery, JsonObject

SECRET_KEY: Final = "webhook-secret"  # noqa: S105 - the key in a sync's Secret
_STANDARD: Final = "whsec_"
EVENTS: Final = {
    "sync.completed": "RunSucceeded",
    "sync.failed": "RunFailed",
    "sync.cancelled": "RunCancelled",
    "sync.stalled": "MoverStalled",
}
"""The events by the names that clients use, with those in a spec, which are accepted, too."""


def notify_of(webhook: Webhook, secret: str, timeout_seconds: int, retries: int) -> list[JsonObject]:
    """A mover's `notify`; `secret` is the name of the Secret with the signing key. Raises InvalidRequestError."""
    wanted = webhook.events or [*EVENTS]
    accepted = {**EVENTS, **{name: name for name in EVENTS.values()}}
    for number, event in enumerate(wanted):
        if event not in accepted:
            raise InvalidRequestError(Fault(f"webhook.events[{number}]", f"must be one of {', '.join(EVENTS)}"))
    notify: JsonObject = {
        "webhook": {"url": webhook.url},
        "events": [*dict.fromkeys(accepted[event] for event in wanted)],
        "timeoutSeconds": timeout_seconds,
        "retries": retries,
    }
    if webhook.secret is not None:
        notify["signingSecretRef"] = {"name": secret, "key": SECRET_KEY}
    return [notify]


def signing_key(webhook: Webhook) -> dict[str, str]:
    """The value for a Secret: as Standard Webhooks writes keys, or else the bytes of the text that the client gave."""
    if webhook.secret is None:
        return {}
    text = webhook.secret
    key = text if text.startswith(_STANDARD) else _STANDARD + base64.b64encode(text.encode()).decode()
    return {SECRET_KEY: key}


def deliveries(found: Iterable[Delivery]) -> list[JsonValue]:
    """What became of events, the newest last: the client's word for each, and how the last try failed."""
    names = {told: name for name, told in EVENTS.items()}
    return [
        {
            "id": each.id,
            "event": names.get(each.event, each.event),
            "state": each.state.lower(),
            "attempts": each.attempts,
            "message": each.message,
        }
        for each in found
    ]


def shown(webhook: Webhook) -> JsonObject:
    """What clients read of it."""
    return {"url": webhook.url, "events": [*(webhook.events or EVENTS)]}
