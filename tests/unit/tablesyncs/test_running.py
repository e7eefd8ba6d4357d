"""When the subscription works, and when it rests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from datamover_operator.controller.plan.conditions import timestamp
from tests.unit.tablesyncs.servers import Database, Subscribed
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


def test_a_subscription_whose_worker_does_not_come_back_is_woken(world: World) -> None:
    world.settle()
    before, subscribed(world).has_no_worker = len(world.servers.changes), True
    for _ in range(8):
        world.pass_time(5)
        world.reconcile()
    assert world.servers.changes[before:] == ["enable at new"]
    assert world.settle() == "Ready"


def test_a_lost_slot_is_not_asked_for_every_second(world: World) -> None:
    world.change(mode="Interval")
    world.settle()
    world.servers.databases["old"].slots.clear()
    world.pass_time(60)
    assert (world.settle(), world.reason, world.queue.next) == ("Stalled", "SlotLost", 60.0)


def test_a_slot_that_is_lost_after_an_error_is_not_asked_for_every_second_either(world: World) -> None:
    world.settle()
    found = subscribed(world)
    found.state = replace(found.state, enabled=False, apply_errors=1)
    world.reconcile()
    world.servers.databases["old"].slots.clear()
    world.pass_time(700)
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


def test_a_subscriber_is_woken_for_each_refresh(world: World) -> None:
    """Up to PostgreSQL 15 its worker would see a new table only when it next looks around."""
    world.settle()
    assert world.servers.trials.count("wake the subscriber") == 1
    world.change(tables=[{"name": "orders"}, {"name": "items"}, {"name": "extra"}])
    world.settle()
    assert world.servers.trials.count("wake the subscriber") == 2


def follow(world: World, looks: int, *, steps: tuple[int, ...]) -> list[int]:
    """Have the source go on by these steps, one after the other, at each look; how many writes each look cost."""
    found = []
    for look in range(looks):
        before = len(world.kube.writes)
        world.pass_time(30)
        world.servers.databases["old"].position += steps[look % len(steps)]
        world.reconcile()
        found.append(len(world.kube.writes) - before)
    return found


def test_a_sync_that_follows_a_busy_source_hardly_ever_writes(world: World) -> None:
    """Two hours at a source that is busy, and an hour at one whose lag goes up and down all the time (I2)."""
    world.settle()
    assert sum(follow(world, 240, steps=(1000,))) <= 3
    assert sum(follow(world, 120, steps=(1000, 900 * 2**20))) <= 2 * 6 + 2


def test_when_it_stops_following_it_tells_until_when_it_did(world: World) -> None:
    world.settle()
    follow(world, 1, steps=(1000,))
    first = world.sync.status.last_sync_time
    follow(world, 10, steps=(1000,))
    assert world.sync.status.last_sync_time == first
    last = timestamp(world.now)
    world.servers.databases["old"].is_up = False
    world.pass_time(30)
    world.settle()
    assert (world.state, world.reason, world.sync.status.last_sync_time) == ("Reconciling", "SourceUnreachable", last)


def test_what_somebody_acts_on_is_told_at_once(world: World) -> None:
    world.settle()
    follow(world, 1, steps=(1000,))
    assert follow(world, 3, steps=(1000, 500 * 2**20, 2**30)) == [0, 1, 1]
    assert world.sync.status.lag_bytes == 2**30
    follow(world, 21, steps=(1000,))
    assert (world.sync.status.lag_bytes, world.sync.status.retained_wal_bytes) == (1000, 1000)


def test_a_source_that_keeps_more_and_more_is_told_in_steps(world: World) -> None:
    world.change(suspend=True, maxRetainedWal="1Gi")
    world.settle()
    assert sum(follow(world, 300, steps=(2**30,))) < 150
    assert "GiB" in world.sync.status.conditions[0].message


def rest(world: World) -> str:
    """Settle, also what is looked at a little later while a former database is away."""
    for _ in range(3):
        world.settle()
        world.pass_time(10)
    return world.settle()


@pytest.mark.parametrize("lost", [World.wipe_status, World.restart], ids=["status", "memory"])
def test_what_is_in_a_former_database_that_is_away_is_not_forgotten(
    world: World, lost: Callable[[World], None]
) -> None:
    world.settle()
    world.servers.databases["old"].is_up = False
    world.change(source=database("old2"), existingRows="Truncate")
    assert (rest(world), world.counts()["old"], world.counts()["old2"]) == ("Ready", (2, 1, 0), (2, 1, 0))
    lost(world)
    world.pass_time(60)
    world.settle()
    assert [each.end.host for each in world.sync.status.retired] == ["old"]
    world.delete()
    assert world.settle() == "Stalled"
    assert "old:5432/shop" in world.sync.status.conditions[0].message
    world.servers.databases["old"].is_up = True
    world.pass_time(70)
    assert world.settle() == "Gone"
    assert set(world.counts().values()) == {(0, 0, 0)}


def test_a_migration_is_not_over_before_its_former_databases_are_clean(world: World) -> None:
    """Its finalizer is all that remembers the slot there, which fills that disk."""
    world.settle()
    world.servers.databases["old"].is_up = False
    world.change(source=database("old2"), existingRows="Truncate", mode="Once")
    rest(world)
    assert (world.state, world.reason) == ("Reconciling", "Completing")
    assert "the former source old:5432/shop still has" in world.sync.status.conditions[0].message
    world.servers.databases["old"].is_up = True
    world.pass_time(70)
    assert (rest(world), world.sync.status.phase) == ("Ready", "Completed")
    assert set(world.counts().values()) == {(0, 0, 0)}


def test_no_more_former_databases_than_can_be_remembered(world: World) -> None:
    world.settle()
    hosts = [f"away{number}" for number in range(9)]
    for number, host in enumerate(hosts, 10):
        world.servers.databases[host] = Database(host, number, tables=dict(world.servers.databases["old"].tables))
        world.servers.databases["old" if host == "away0" else hosts[hosts.index(host) - 1]].is_up = False
        world.change(source=database(host), existingRows="Truncate")
        world.settle()
    assert (world.state, world.reason) == ("Stalled", "TooManyFormerDatabases")
    assert world.counts()["away8"] == (0, 0, 0)
    world.servers.databases["old"].is_up = True
    world.pass_time(70)
    assert (rest(world), world.counts()["old"], world.counts()["away8"]) == ("Ready", (0, 0, 0), (2, 1, 0))
