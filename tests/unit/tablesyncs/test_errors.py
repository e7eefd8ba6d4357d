"""What counters and a subscription that stopped by itself mean, and when it is started again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from datamover_crds import SyncErrors, from_timestamp
from tests.unit.tablesyncs.servers import Subscribed
from tests.unit.tablesyncs.world import World


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        assert world.settle() == "Ready"
        yield world


def subscribed(world: World) -> Subscribed:
    (found,) = world.servers.databases["new"].subscriptions.values()
    return found


def change(world: World, **state: Any) -> None:  # noqa: ANN401 - of Subscription
    found = subscribed(world)
    found.state = replace(found.state, **state)


def errors(world: World) -> SyncErrors:
    return world.sync.status.errors or SyncErrors()


def test_a_lost_connection_counts_and_stops_nothing(world: World) -> None:
    change(world, apply_errors=1)
    world.pass_time(30)
    assert world.settle() == "Ready"
    assert (errors(world).apply_errors, errors(world).failures, errors(world).stopped) == (1, 0, False)


def test_after_an_error_the_next_one_stops_replication_until_it_has_been_calm_for_a_while(world: World) -> None:
    assert not subscribed(world).state.disables_on_error
    change(world, apply_errors=1)
    world.settle()
    assert subscribed(world).state.disables_on_error
    world.pass_time(130)
    world.settle()
    assert not subscribed(world).state.disables_on_error


def test_a_conflict_is_retried_with_growing_delays_and_then_failed(world: World) -> None:
    world.change(retry={"limit": 2, "backoff": "10s"})
    world.settle()
    world.servers.databases["new"].has_conflict = True
    world.servers.databases["old"].position += 100
    waits = []
    for _ in range(400):
        starts, stopped = world.servers.changes.count("enable at new"), errors(world).last_time
        world.reconcile()
        if world.servers.changes.count("enable at new") > starts and stopped is not None:
            waits.append((world.now - from_timestamp(stopped)).total_seconds())
        if world.sync.status.phase == "Failed":
            break
        world.pass_time(max(world.queue.next or 1.0, 0.5))
    assert (world.state, world.reason, errors(world).failures) == ("Stalled", "ReplicationFailed", 3)
    first, second = waits
    assert 10 <= first < 20 <= second < 30

    world.servers.databases["new"].has_conflict = False
    world.change(retry={"limit": 3, "backoff": "10s"})
    assert world.settle() == "Ready"
    assert (world.sync.status.phase, errors(world).failures) == ("Streaming", 0)


def test_whoever_disables_it_by_hand_does_so_in_vain(world: World) -> None:
    change(world, enabled=False)
    world.pass_time(30)
    assert (world.settle(), subscribed(world).state.enabled) == ("Ready", True)
    assert errors(world).failures == 0


def test_what_is_skipped_is_skipped_once(world: World) -> None:
    world.servers.databases["new"].has_conflict = True
    world.servers.databases["old"].position += 100
    for _ in range(60):
        world.reconcile()
        if errors(world).stopped:
            break
        world.pass_time(max(world.queue.next or 1.0, 0.5))
    world.change(skipTransaction="0/44C")
    world.reconcile()
    assert world.servers.changes.count("skip at new") == 1
    world.servers.databases["new"].has_conflict = False
    assert world.settle() == "Ready"
    assert world.servers.changes.count("skip at new") == 1
    assert world.sync.status.last_skipped_transaction == "0/44C"


@pytest.mark.parametrize(("version", "told"), [(140012, True), (150000, False)])
def test_a_transaction_that_the_destination_can_not_skip_is_told_of(world: World, version: int, told: bool) -> None:
    world.servers.databases["new"].version = version
    world.change(skipTransaction="0/44C")
    assert world.settle() == "Ready"
    (message,) = [each.message for each in world.sync.status.conditions if each.type == "Ready"]
    expected = "; spec.skipTransaction has no effect: the destination is PostgreSQL 14, and only 15 or newer can"
    assert (expected in str(message)) is told
    world.change(skipTransaction=None)
    assert world.settle() == "Ready"
    assert "skipTransaction" not in str(world.sync.status.conditions)
