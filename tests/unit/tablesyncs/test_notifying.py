"""Which webhooks a sync's life calls for: each piece of news once, under one id."""

from __future__ import annotations

from datamover_crds import JsonObject
from tests.unit.tablesyncs.world import SPEC, World

URL = "https://hooks.example.com/tables"
EVENTS = ["TableSyncReady", "TableSyncStalled", "TableSyncFailed", "TableSyncCompleted"]


def notify(*events: str) -> list[JsonObject]:
    return [{"webhook": {"url": URL}, "events": list(events)}]


def told(world: World) -> list[str]:
    return [each.event for each in world.sync.status.notifications]


def live(world: World, passes: int, seconds: float = 61) -> None:
    for _ in range(passes):
        world.settle()
        world.pass_time(seconds)


def test_a_migration_is_ready_never_and_completed_once() -> None:
    with World(SPEC | {"mode": "Once", "notify": notify(*EVENTS)}) as world:
        live(world, 5)
        assert told(world) == ["TableSyncCompleted"]
        (before,) = world.sync.status.notifications
        world.wipe_status()
        live(world, 3)
        assert [each.id for each in world.sync.status.notifications] == [before.id]


def test_a_conflict_is_told_as_failed_once_and_ready_when_it_is_mended() -> None:
    with World(SPEC | {"retry": {"limit": 1, "backoff": "10s"}, "notify": notify(*EVENTS)}) as world:
        live(world, 2)
        world.servers.databases["new"].has_conflict = True
        world.servers.databases["old"].position += 100
        live(world, 60)
        assert told(world) == ["TableSyncReady", "TableSyncFailed"]
        world.servers.databases["new"].has_conflict = False
        world.change(retry={"limit": 2, "backoff": "10s"})
        live(world, 5)
        assert told(world) == ["TableSyncReady", "TableSyncFailed", "TableSyncReady"]


def test_what_stands_in_the_way_is_told_as_stalled_once() -> None:
    with World(SPEC | {"tables": [{"name": "nowhere"}], "notify": notify(*EVENTS)}) as world:
        live(world, 5)
        (delivery,) = world.sync.status.notifications
        assert (delivery.event, delivery.receiver) == ("TableSyncStalled", "spec.notify[0]")
        assert "TableNotFound" in (delivery.detail or "")


def test_only_what_was_asked_for_is_told() -> None:
    with World(SPEC | {"notify": notify("TableSyncFailed")}) as world:
        live(world, 3)
        assert told(world) == []


def test_a_sync_that_is_suspended_is_not_told_as_ready_before_it_has_copied() -> None:
    with World(SPEC | {"suspend": True, "notify": notify(*EVENTS)}) as world:
        live(world, 3)
        assert told(world) == []
        world.change(suspend=False)
        live(world, 3)
        assert told(world) == ["TableSyncReady"]
        for suspend in (True, False):
            world.change(suspend=suspend)
            live(world, 3)
        assert told(world) == ["TableSyncReady"]
