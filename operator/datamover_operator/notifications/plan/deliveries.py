"""The notifications in an object's status: which are added, when each is sent, and what becomes of it.

They are written together with the news that they tell, so that no crash loses one; their ids follow from the news, so
that no crash, and no lost status, gives one a second id.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from datamover_crds import Delivery, Receiver, from_timestamp
from datamover_crds.notify import DEFAULT_RETRIES
from datamover_operator.controller.plan.conditions import timestamp
from datamover_operator.notifications.plan.receivers import Subscription

_IDS = uuid.UUID("5f0b1f0e-4b4e-5f0e-9d43-2d7a1c2f6a01")
_FIRST_DELAY, _FACTOR, _LONGEST_DELAY = 5.0, 4, 3600.0
_KEPT = 20
"""How many notifications that are over stay in a status."""
_MOST = 40
_MAX_TEXT = 1024


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened: `event` in one word, `detail` in a sentence, `occasion` what tells it from others."""

    event: str
    detail: str
    occasion: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one try. `problem` is why it failed; `is_final` that no other try can help."""

    problem: str | None = None
    is_final: bool = False


def announced(
    known: Sequence[Delivery], uid: str, news: Iterable[News], whom: Iterable[Subscription], now: datetime
) -> tuple[Delivery, ...]:
    """The notifications, with those that `news` of the object with this uid deserve: each of them once."""
    whom = tuple(whom)
    fresh = [
        Delivery(
            id=notification_id(uid, each, subscription),
            event=each.event,
            time=timestamp(now),
            detail=each.detail[:_MAX_TEXT] or None,
            receiver=subscription.place,
            state="Pending",
            next_attempt_time=timestamp(now),
        )
        for each in news
        for subscription in whom
        if each.event in subscription.events
    ]
    ids = {delivery.id for delivery in known}
    added = [delivery for delivery in fresh if delivery.id not in ids]
    return _trimmed((*known, *added)) if added else tuple(known)


def notification_id(uid: str, news: News, subscription: Subscription) -> str:
    """The one id of a notification."""
    return f"msg_{uuid.uuid5(_IDS, f'{uid}/{news.event}/{news.occasion}/{subscription.place}').hex}"


def due_at(delivery: Delivery) -> datetime | None:
    """When a notification is to be sent; None where it is over."""
    if delivery.state != "Pending":
        return None
    return from_timestamp(delivery.next_attempt_time or delivery.time)


def next_due(deliveries: Iterable[Delivery]) -> datetime | None:
    """When the first of some notifications is to be sent."""
    return min((due for delivery in deliveries if (due := due_at(delivery)) is not None), default=None)


def attempted(delivery: Delivery, receiver: Receiver | None, outcome: Outcome, now: datetime) -> Delivery:
    """The notification after one try."""
    attempts = delivery.attempts + 1
    told: dict[str, object] = {"attempts": attempts, "next_attempt_time": None, "message": None}
    if outcome.problem is None:
        return delivery.model_copy(update=told | {"state": "Delivered"})
    told["message"] = outcome.problem[:_MAX_TEXT]
    limit = receiver.retries if receiver is not None and receiver.retries is not None else DEFAULT_RETRIES
    if outcome.is_final or attempts > limit:
        return delivery.model_copy(update=told | {"state": "Failed"})
    return delivery.model_copy(update=told | {"next_attempt_time": timestamp(now + delay_after(attempts))})


def delay_after(attempts: int) -> timedelta:
    """How long to wait after so many tries have failed: 5 s, 20 s, 80 s, … at most an hour."""
    return timedelta(seconds=min(_FIRST_DELAY * _FACTOR ** (attempts - 1), _LONGEST_DELAY))


def replaced(deliveries: Sequence[Delivery], changed: Iterable[Delivery]) -> tuple[Delivery, ...]:
    """The notifications, with the changed ones in the place of those of their ids."""
    by_id = {delivery.id: delivery for delivery in changed}
    return tuple(by_id.get(delivery.id, delivery) for delivery in deliveries)


def _trimmed(deliveries: tuple[Delivery, ...]) -> tuple[Delivery, ...]:
    """The newest ones; what is still to be sent goes last."""
    over = [delivery for delivery in deliveries if delivery.state != "Pending"]
    kept = {delivery.id for delivery in over[-_KEPT:]} | {each.id for each in deliveries if each.state == "Pending"}
    return tuple(delivery for delivery in deliveries if delivery.id in kept)[-_MOST:]
