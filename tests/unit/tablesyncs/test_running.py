"""When the subscription works, and when it rests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.tablesyncs.servers import Subscribed
from tests.unit.tablesyncs.world import World, database


@pytest.fixture
def world() -> Iterator[World]:
    with World() as world:
        yield world


def subscribed(world: World) -> Subscribed:
    (found,) = world.servers.databases["new"].subscriptions.values()
    return found


def test_each_cycle_begins_and_ends_once(world: World) -> None:
    world.change(mode="Interval", syncInterval="30s")
    world.settle()
    assert (world.sync.status.phase, subscribed(world).state.enabled) == ("Idle", False)
    for cycle in range(1, 4):
        before, seen = len(world.servers.changes), world.sync.status.last_sync_time
        world.servers.databases["old"].position += 100
        world.pass_time(31)
        assert world.settle() == "Ready"
        assert subscribed(world).applied == world.servers.databases["old"].position, cycle
        assert world.servers.changes[before:] == ["enable at new", "disable at new"]
        assert world.sync.status.last_sync_time != seen
        assert world.queue.next is not None
        assert 25 <= world.queue.next <= 30


def test_a_lost_slot_is_not_asked_for_every_second(world: World) -> None:
    world.change(mode="Interval")
    world.settle()
    world.servers.databases["old"].slots.clear()
    world.pass_time(60)
    assert (world.settle(), world.reason, world.queue.next) == ("Stalled", "SlotLost", 60.0)


def test_suspended_is_suspended_whatever_else_stands_in_the_way(world: World) -> None:
    world.settle()
    world.change(suspend=True, tables=[{"name": "orders"}, {"name": "nowhere"}])
    assert (world.settle(), world.reason) == ("Stalled", "TableNotFound")
    assert not subscribed(world).state.enabled


def test_what_a_refused_move_left_is_cleaned_when_the_sync_goes(world: World) -> None:
    world.settle()
    world.change(source=database("old2"), tables=[{"name": "nowhere"}])
    assert (world.settle(), world.reason) == ("Stalled", "TableNotFound")
    assert world.counts()["old"] == (2, 1, 0)
    world.delete()
    while world.settle() != "Gone":
        world.pass_time(10)
    assert set(world.counts().values()) == {(0, 0, 0)}


def test_what_no_longer_may_subscribe_is_not_shown_the_password(world: World) -> None:
    """A server writes a statement that it refuses to an ordinary role into its log, with the password in it."""
    world.servers.databases["new"].may_subscribe = False
    assert (world.settle(), world.reason) == ("Stalled", "MissingRights")
    assert "reach the source" not in world.servers.trials
