"""Receivers hear of what happens: signed, at least once, and whatever becomes of the operator meanwhile."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.receiver import ReceiverServer, receiving
from tests.support.waiting import eventually

KEY = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ENDS = ["RunSucceeded", "RunFailed", "RunCancelled"]


@pytest.fixture
def receiver() -> Iterator[ReceiverServer]:
    with receiving() as running:
        yield running


def notifications(world: World, kind: str, name: str) -> list[Json]:
    found = world.get(kind, name) or {}
    listed: list[Json] = found.get("status", {}).get("notifications", [])
    return listed


def wait_for(world: World, kind: str, name: str, receiver: str, state: str) -> Json:
    def is_there() -> Json:
        listed = notifications(world, kind, name)
        return next(each for each in listed if each["receiver"] == receiver and each["state"] == state)

    def found() -> Json | None:
        try:
            return is_there()
        except StopIteration:
            return None

    return eventually(found, what=f"a notification of {name} to {receiver} is {state}") or {}


def prepare(world: World) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    path = f"/api/v1/namespaces/{world.namespace}/secrets"
    world.api.create(
        path, {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "hooks"}, "stringData": {"signing": KEY}}
    )


def test_a_runs_end_is_told_signed_to_each_receiver_and_a_hanging_one_delays_nobody(
    world: World, operator: Operators, receiver: ReceiverServer
) -> None:
    prepare(world)
    world.grant_all(notify=[{"webhook": {"url": f"{receiver.url}/admins"}, "events": ["RunSucceeded", "MoverReady"]}])
    operator(webhook_hosts="127.0.0.1")
    receiver.answers["/team"] = [500]
    world.s3_mover(
        notify=[
            {"webhook": {"url": f"{receiver.url}/hang"}, "events": ENDS, "timeoutSeconds": 300},
            {
                "webhook": {"url": f"{receiver.url}/team"},
                "signingSecretRef": {"name": "hooks", "key": "signing"},
                "events": ENDS,
            },
            {"webhook": {"url": f"{receiver.url}/moved"}, "events": ENDS, "retries": 0},
            {"webhook": {"url": "http://169.254.169.254/latest"}, "events": ENDS},
        ]
    )
    receiver.answers["/moved"] = [307]
    world.wait_ready()
    world.create("DataMoverRun", "r", {"moverRef": {"name": "m"}})
    world.wait_phase("r", "Succeeded")
    delivered = wait_for(world, "DataMoverRun", "r", "spec.notify[1]", "Delivered")
    assert delivered["attempts"] == 2
    first, second = receiver.of("/team")
    assert first.body == second.body
    assert {call.headers["webhook-id"] for call in (first, second)} == {delivered["id"]}
    event = Webhook(KEY).verify(second.body, dict(second.headers))
    assert (event["specversion"], event["type"], event["subject"]) == ("1.0", "io.datamover.run.succeeded", "r")
    assert event["data"]["run"]["counters"]["filesTransferred"] == 1
    wait_for(world, "DataMoverRun", "r", f"account {world.account}: spec.notify[0]", "Delivered")
    ready = wait_for(world, "DataMover", "m", f"account {world.account}: spec.notify[0]", "Delivered")
    assert ready["event"] == "MoverReady"
    moved = wait_for(world, "DataMoverRun", "r", "spec.notify[2]", "Failed")
    assert "redirects are not followed" in moved["message"]
    assert receiver.of("/elsewhere") == []
    refused = wait_for(world, "DataMoverRun", "r", "spec.notify[3]", "Failed")
    assert "link-local" in refused["message"]
    (hanging,) = (each for each in notifications(world, "DataMoverRun", "r") if each["receiver"] == "spec.notify[0]")
    assert hanging["state"] == "Pending"
    assert len(receiver.of("/hang")) == 1


def test_a_crash_while_a_receiver_is_called_loses_nothing_and_changes_no_id(
    world: World, operator: Operators, receiver: ReceiverServer
) -> None:
    prepare(world)
    world.grant_all()
    first = operator(webhook_hosts="127.0.0.1")
    hook = {"webhook": {"url": f"{receiver.url}/hang"}, "events": ENDS, "timeoutSeconds": 300}
    world.s3_mover(notify=[hook])
    world.wait_ready()
    world.create("DataMoverRun", "r", {"moverRef": {"name": "m"}})
    eventually(lambda: len(receiver.of("/hang")) == 1, what="the receiver is called")
    first.kill()
    world.patch("DataMover", "m", {"spec": {"notify": [{**hook, "webhook": {"url": f"{receiver.url}/team"}}]}})
    operator(webhook_hosts="127.0.0.1")
    delivered = wait_for(world, "DataMoverRun", "r", "spec.notify[0]", "Delivered")
    (before,), (after,) = receiver.of("/hang"), receiver.of("/team")
    assert before.headers["webhook-id"] == after.headers["webhook-id"] == delivered["id"]
    assert before.body == after.body
