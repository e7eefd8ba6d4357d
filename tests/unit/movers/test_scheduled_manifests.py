"""The manifest of a mover with a schedule is checked before DataSync starts with it, right or wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from datamover_crds import from_timestamp
from datamover_operator.aws.failure import FailureKind
from tests.unit.movers.given import spec
from tests.unit.movers.sky import error
from tests.unit.movers.world import World
from tests.unit.runs.buckets import Buckets

PLACE = ("lists", "night.csv")
MANIFEST = {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": "night.csv"}}}
SCHEDULE = {"scheduleExpression": "cron(30 23 * * ? *)"}
MISSING = "spec.manifestConfig: s3://lists/night.csv does not exist; until it is corrected, scheduled runs fail"


@dataclass
class Counted(Buckets):
    """Buckets that count what is read of them, and may fail."""

    reads: int = 0
    size: int = 0
    failure: FailureKind | None = field(default=None)

    async def read(self, bucket: str, key: str, start: int, length: int, version: str | None = None) -> bytes:
        self.reads += 1
        if self.failure is not None:
            raise error(self.failure, "GetObject")
        piece = await super().read(bucket, key, start, length, version)
        self.size += len(piece)
        return piece


@contextmanager
def scheduled(content: bytes | None = b"a.txt\n", **members: object) -> Iterator[tuple[World, Counted]]:
    """A settled mover with a schedule, and the buckets that its manifest is in."""
    with World(spec(**{"schedule": SCHEDULE, "manifestConfig": MANIFEST} | members)) as world:
        buckets = world.sky.s3 = Counted()
        if content is not None:
            buckets.objects[PLACE] = content
        assert world.settle() == "Ready"
        yield world, buckets


def failing(world: World) -> tuple[str, str] | None:
    """Reason and message of the condition ScheduleFailing."""
    conditions = world.mover.status.conditions
    return next(((each.reason, each.message) for each in conditions if each.type == "ScheduleFailing"), None)


def look(world: World, after: float) -> None:
    """What makes the operator describe the mover, after so many seconds."""
    world.pass_time(after)
    world.memory.description.request()
    world.reconcile()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"a.txt\n", None),
        (None, "s3://lists/night.csv does not exist"),
        (b"", "s3://lists/night.csv: names no file"),
        (b"a.txt\n/folder/", "s3://lists/night.csv: line 2 must begin with the path of a file"),
    ],
)
def test_one_that_can_not_be_used_is_told_before_the_start(content: bytes | None, says: str | None) -> None:
    with scheduled(content) as (world, _):
        expected = f"spec.manifestConfig: {says}; until it is corrected, scheduled runs fail"
        assert failing(world) == (("ManifestUnusable", expected) if says is not None else None)
        events = [note for reason, note in world.told.events if reason == "ScheduleManifestUnusable"]
        assert events == ([expected] if says is not None else [])


def test_it_is_looked_at_again_until_it_is_right() -> None:
    with scheduled(None) as (world, buckets):
        assert world.queue.next is not None
        assert world.queue.next <= 602
        buckets.objects[PLACE] = b"a.txt\n"
        world.pass_time(world.queue.next)
        world.reconcile()
        assert failing(world) is None


def test_it_is_looked_at_shortly_before_the_start() -> None:
    with scheduled() as (world, buckets):
        due = from_timestamp(str(world.mover.status.next_scheduled_time))
        while (due - world.sky.now).total_seconds() > 1300:  # drift checks
            world.pass_time(world.queue.next or 0)
            world.reconcile()
        del buckets.objects[PLACE]
        while failing(world) is None:
            assert (due - world.sky.now).total_seconds() > 590, "in time"
            world.pass_time(world.queue.next or 0)
            world.reconcile()


def test_another_manifest_is_looked_at_at_once() -> None:
    with scheduled() as (world, _):
        other = {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::lists", "manifestObjectPath": "other.csv"}}}
        world.change(spec(schedule=SCHEDULE, manifestConfig=other))
        assert world.settle() == "Ready"
        assert (failing(world) or ("", ""))[1].startswith("spec.manifestConfig: s3://lists/other.csv does not exist")
        world.change(spec(schedule=SCHEDULE))
        assert world.settle() == "Ready"
        assert failing(world) is None


def test_a_large_one_is_read_seldom_and_never_to_its_end() -> None:
    large = b"0123456789\n" * 1_000_000
    with scheduled(large) as (world, buckets):
        assert (buckets.reads, failing(world)) == (1, None)
        assert buckets.size < len(large) / 2
        for _ in range(20):
            look(world, after=30)
        assert buckets.reads <= 3


@pytest.mark.parametrize(
    "members", [{"schedule": None}, {"suspend": True}, {"schedule": SCHEDULE | {"status": "DISABLED"}}]
)
def test_one_that_no_schedule_will_use_is_not_read(members: dict[str, object]) -> None:
    given = {name: value for name, value in members.items() if value is not None}
    with World(
        {k: v for k, v in spec(schedule=SCHEDULE, manifestConfig=MANIFEST).items() if k not in members} | given
    ) as world:
        world.sky.s3 = buckets = Counted()
        assert world.settle() == "Ready"
        assert (buckets.reads, failing(world)) == (0, None)


def test_one_that_the_operator_may_not_read_is_not_judged() -> None:
    with scheduled() as (world, buckets):
        del buckets.objects[PLACE]
        buckets.failure = FailureKind.DENIED
        look(world, after=700)
        assert buckets.reads == 2
        assert failing(world) is None


def test_what_was_told_holds_until_it_is_read_again() -> None:
    with scheduled(None) as (world, buckets):
        assert failing(world) == ("ManifestUnusable", MISSING)
        buckets.objects[PLACE] = b"a.txt\n"
        buckets.failure = FailureKind.THROTTLED
        writes = len(world.kube.writes)
        look(world, after=700)
        world.restart()
        world.reconcile()
        assert failing(world) == ("ManifestUnusable", MISSING)
        assert len(world.kube.writes) == writes
        buckets.failure = None
        look(world, after=700)
        assert failing(world) is None
