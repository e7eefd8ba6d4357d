"""Which notifications there are, when each is sent, and what becomes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from datamover_crds import Condition, DataMoverStatus, Delivery, JsonObject, Receiver, Webhook
from datamover_operator.movers.plan.notifying import mover_news
from datamover_operator.notifications.plan.deliveries import (
    News,
    Outcome,
    announced,
    attempted,
    delay_after,
    next_due,
)
from datamover_operator.notifications.plan.events import UnusableKeyError, cloud_event, event_type, signed
from datamover_operator.notifications.plan.receivers import Place, Subscription, read_place

NOW = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)
ENDED = News("RunFailed", "it failed", "end")
ONE = Subscription("spec.notify[0]", frozenset({"RunFailed"}))
TWO = Subscription("account dev: spec.notify[1]", frozenset({"RunFailed", "RunSucceeded"}))
SUCCESSES = Subscription("spec.notify[1]", frozenset({"RunSucceeded"}))
RECEIVER = Receiver(webhook=Webhook(url="https://a.example.com"), retries=2)
KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_each_receiver_that_asked_for_an_event_gets_one_notification_of_it() -> None:
    first = announced((), "uid", [ENDED], [ONE, TWO, SUCCESSES], NOW)
    assert [(each.receiver, each.event, each.state) for each in first] == [
        (ONE.place, "RunFailed", "Pending"),
        (TWO.place, "RunFailed", "Pending"),
    ]
    assert announced(first, "uid", [ENDED], [ONE, TWO], NOW + timedelta(hours=1)) == first


def test_a_lost_status_gives_no_second_id() -> None:
    (first,) = announced((), "uid", [ENDED], [ONE], NOW)
    (again,) = announced((), "uid", [ENDED], [ONE], NOW + timedelta(days=1))
    assert again.id == first.id
    others = [
        announced((), "other", [ENDED], [ONE], NOW),
        announced((), "uid", [News("RunFailed", "", "another")], [ONE], NOW),
        announced((), "uid", [ENDED], [TWO], NOW),
    ]
    assert first.id not in {each.id for (each,) in others}


def test_old_notifications_make_room() -> None:
    kept: tuple[Delivery, ...] = ()
    for number in range(100):
        kept = announced(kept, "uid", [News("RunFailed", "", str(number))], [ONE], NOW)
        kept = tuple(attempted(each, None, Outcome(), NOW) if each.state == "Pending" else each for each in kept)
    assert len(kept) <= 21
    assert len(announced((), "uid", [News("RunFailed", "", str(n)) for n in range(100)], [ONE], NOW)) == 40


def test_it_is_tried_again_with_growing_delays_and_then_given_up() -> None:
    (pending,) = announced((), "uid", [ENDED], [ONE], NOW)
    first = attempted(pending, RECEIVER, Outcome("HTTP 500"), NOW)
    assert (first.state, first.attempts, first.message) == ("Pending", 1, "HTTP 500")
    assert next_due([first]) == NOW + timedelta(seconds=5)
    second = attempted(first, RECEIVER, Outcome("HTTP 500"), NOW)
    assert next_due([second]) == NOW + timedelta(seconds=20)
    third = attempted(second, RECEIVER, Outcome("HTTP 500"), NOW)
    assert (third.state, third.attempts, next_due([third])) == ("Failed", 3, None)
    assert attempted(pending, RECEIVER, Outcome(), NOW).state == "Delivered"
    assert attempted(pending, RECEIVER, Outcome("forbidden", is_final=True), NOW).state == "Failed"
    assert delay_after(20) == timedelta(hours=1)


@pytest.mark.parametrize(
    ("place", "read"),
    [
        ("spec.notify[0]", Place(None, 0)),
        ("account a.b-c: spec.notify[12]", Place("a.b-c", 12)),
        ("spec.notify[-1]", None),
        ("spec.notify[x]", None),
        ("account ../x: spec.notify[0]", None),
        ("", None),
    ],
)
def test_places_are_read_as_they_are_written(place: str, read: Place | None) -> None:
    assert read_place(place) == read


def test_an_event_is_a_cloud_event_that_any_receiver_of_standard_webhooks_can_verify() -> None:
    (delivery,) = announced((), "uid", [ENDED], [ONE], NOW)
    data: JsonObject = {"namespace": "team-a", "run": {"phase": "Failed", "message": "ä"}}
    message = cloud_event(delivery, "/apis/x", "nightly-1", data)
    assert message == cloud_event(delivery, "/apis/x", "nightly-1", data)
    event = json.loads(message.body)
    assert event["specversion"] == "1.0"
    assert (event["id"], event["type"]) == (delivery.id, "io.datamover.run.failed")
    assert (event["source"], event["subject"]) == ("/apis/x", "nightly-1")
    assert event["data"] == {"event": "RunFailed", "detail": "it failed", **data}
    assert message.headers["content-type"].startswith("application/cloudevents+json")
    sent = signed(message, delivery.id, datetime.now(UTC), KEY)
    assert sent.headers["webhook-id"] == delivery.id
    assert Verifier(KEY).verify(sent.body, dict(sent.headers)) == event
    assert "webhook-signature" not in signed(message, delivery.id, NOW, None).headers


@pytest.mark.parametrize("key", ["whsec_", "", "whsec_c2hvcnQ=", "ä", "whsec_****"])
def test_a_key_that_is_none_is_told_without_showing_it(key: str) -> None:
    (delivery,) = announced((), "uid", [ENDED], [ONE], NOW)
    with pytest.raises(UnusableKeyError) as refused:
        signed(cloud_event(delivery, "/a", "b", {}), delivery.id, NOW, key)
    assert len(key) < 8 or key not in str(refused.value)


def test_types_of_events_are_dotted_words() -> None:
    assert event_type("ScheduleMissed") == "io.datamover.schedule.missed"


def status(kind: str, message: str = "", missed: str | None = None) -> DataMoverStatus:
    condition = Condition(
        type=kind, status="True", last_transition_time="2026-01-31T12:00:00Z", reason="Because", message=message
    )
    return DataMoverStatus(conditions=(condition,), last_missed_time=missed)


@pytest.mark.parametrize(
    ("before", "after", "events"),
    [
        (status("Reconciling"), status("Ready"), ["MoverReady"]),
        (status("Ready"), status("Ready"), []),
        (status("Ready"), status("Stalled", "a"), ["MoverStalled"]),
        (status("Stalled", "a"), status("Stalled", "a"), []),
        (status("Stalled", "a"), status("Stalled", "b"), ["MoverStalled"]),
        (status("Stalled", "a"), status("Ready"), ["MoverReady"]),
        (status("Ready"), status("Ready", missed="2026-01-31T03:00:00Z"), ["ScheduleMissed"]),
        (status("Ready", missed="2026-01-31T03:00:00Z"), status("Ready", missed="2026-01-31T03:00:00Z"), []),
    ],
)
def test_what_is_told_of_a_mover(before: DataMoverStatus, after: DataMoverStatus, events: list[str]) -> None:
    assert [each.event for each in mover_news(before, after)] == events
