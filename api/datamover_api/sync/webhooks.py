"""A client's webhook as the notification of a mover or a table sync: whom to notify of what, and how it is signed."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from typing import Final

from pydantic import JsonValue

from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_api.sync.wire import Webhook
from datamover_crds import DataMover, Delivery, JsonObject, TableSync
from datamover_crds.notify import URL_PATTERN

SECRET_KEY: Final = "webhook-secret"  # noqa: S105 - the key in a sync's Secret
_STANDARD: Final = "whsec_"
_LEAST_KEY: Final = 24
"""Bytes, as Standard Webhooks has it."""
Events = Mapping[str, tuple[str, ...]]
"""The events by the names that clients use, with those in a spec, which are accepted, too."""
FILE_EVENTS: Final[Events] = {
    "sync.completed": ("RunSucceeded",),
    "sync.failed": ("RunFailed",),
    "sync.cancelled": ("RunCancelled",),
    "sync.stalled": ("MoverStalled",),
}
TABLE_EVENTS: Final[Events] = {
    "sync.completed": ("TableSyncReady", "TableSyncCompleted"),
    "sync.failed": ("TableSyncFailed",),
    "sync.stalled": ("TableSyncStalled",),
}
"""Nobody cancels a sync of tables: it is paused, or deleted."""
_NAMES: Final = {own: name for events in (FILE_EVENTS, TABLE_EVENTS) for name, owns in events.items() for own in owns}


def notify_of(webhook: Webhook, events: Events, secret: str, timeout_seconds: int, retries: int) -> list[JsonValue]:
    """A spec's `notify`; `secret` is the name of the Secret with the signing key. Raises InvalidRequestError."""
    if not re.fullmatch(URL_PATTERN, webhook.url) or "@" in webhook.url.split("//", 1)[1].split("/", 1)[0]:
        told = "must be a URL such as https://hooks.example.com/datasync, without a user or a password"
        raise InvalidRequestError(Fault("webhook.url", told))
    accepted = {**events, **{own: (own,) for owns in events.values() for own in owns}}
    wanted: dict[str, None] = {}
    for number, event in enumerate(webhook.events or events):
        if event not in accepted:
            told = f"must be one of {', '.join(events)}"
            raise InvalidRequestError(Fault(f"webhook.events[{number}]", told + _hint(event, events)))
        wanted |= dict.fromkeys(accepted[event])
    notify: JsonObject = {
        "webhook": {"url": webhook.url},
        "events": [*wanted],
        "timeoutSeconds": timeout_seconds,
        "retries": retries,
    }
    if webhook.secret is not None:
        notify["signingSecretRef"] = {"name": secret, "key": SECRET_KEY}
    return [notify]


def _hint(event: str, events: Events) -> str:
    return "; a sync of tables is never cancelled" if event in FILE_EVENTS and event not in events else ""


def signing_key(webhook: Webhook) -> dict[str, str]:
    """The value for a Secret: as Standard Webhooks writes keys, or else the bytes of the text that the client gave.

    Raises:
        InvalidRequestError: it is shorter than the operator signs with.
    """
    if webhook.secret is None:
        return {}
    key = _key_bytes(webhook.secret)
    if len(key) < _LEAST_KEY:
        told = f"must have at least {_LEAST_KEY} bytes: {_STANDARD} and their base64, or any other text as it is"
        raise InvalidRequestError(Fault("webhook.secret", told))
    return {SECRET_KEY: _STANDARD + base64.b64encode(key).decode()}


def _key_bytes(secret: str) -> bytes:
    if not secret.startswith(_STANDARD):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix(_STANDARD), validate=True)
    except ValueError:
        return b""


def changed_key_of(obj: DataMover | TableSync) -> str | None:
    """The Secret that a change of the webhook has made, and nothing else names; None: there is none.

    The one that is named like the sync itself has its passwords, too.
    """
    references = [each.signing_secret_ref for each in obj.spec.notify]
    names = [each.name for each in references if each is not None]
    return next((each for each in names if re.fullmatch(f"{re.escape(obj.metadata.name)}-[0-9a-f]{{8}}", each)), None)


def deliveries(found: Iterable[Delivery]) -> list[JsonValue]:
    """What became of events, the newest last: the client's word for each, and how the last try failed."""
    return [
        {
            "id": each.id,
            "event": _NAMES.get(each.event, each.event),
            "state": each.state.lower(),
            "attempts": each.attempts,
            "message": each.message,
        }
        for each in found
    ]


def shown(webhook: Webhook, events: Events) -> JsonObject:
    """What clients read of it."""
    return {"url": webhook.url, "events": [*(webhook.events or events)]}
