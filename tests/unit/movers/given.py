"""Specs, and what else stands in AWS, for tests that tell one story each."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, cast

from datamover_crds import JsonObject
from datamover_crds.contract import NONCE_TAG, OWNER_TAG, PART_TAG, UID_TAG
from datamover_operator.aws.failure import FailureKind
from tests.support.specs import s3
from tests.unit.movers.sky import CrashError, Item, Sky, error
from tests.unit.movers.world import World

Spec = dict[str, Any]
SPEC: Spec = {
    "accountRef": {"name": "dev"},
    "source": s3(s3BucketArn="arn:aws:s3:::src"),
    "destination": s3(s3BucketArn="arn:aws:s3:::dst"),
}
DRIFT = 700.0
"""Seconds after which a drift check is due."""


def spec(**members: object) -> Spec:
    """From bucket to bucket, and what is given over it."""
    return SPEC | members


def counts(world: World) -> dict[str, int]:
    """How many tasks, locations and roles there are."""
    return {kind: len(world.sky.of(kind)) for kind in ("task", "location", "role")}


ONE_OF_EACH = {"task": 1, "location": 2, "role": 2}
NOTHING = {"task": 0, "location": 0, "role": 0}


def foreign_task(sky: Sky, source: str = "s3://src/", destination: str = "s3://dst/", role: str = "theirs") -> Item:
    """A task that others made, with a role for both of its locations."""
    arn = (sky.role(role) or sky.add_role(role, {})).arn
    config: JsonObject = {"s3Config": {"bucketAccessRoleArn": arn}, "s3StorageClass": "STANDARD"}
    arns = [sky.add("location", {"locationUri": uri, **config}, {}).arn for uri in (source, destination)]
    described: JsonObject = {"sourceLocationArn": arns[0], "destinationLocationArn": arns[1], "name": "theirs"}
    rest: JsonObject = {"taskMode": "BASIC", "options": {}, "includes": [], "excludes": []}
    return sky.add("task", described | rest, {})


def locations_of(sky: Sky, task: Item) -> list[Item]:
    """A task's source and destination."""
    return [sky.items[str(task.described[f"{side}LocationArn"])] for side in ("source", "destination")]


def looked_after_by(uid: str, owner: str, part: str) -> dict[str, str]:
    """The tags of what a mover has made."""
    return {UID_TAG: uid, OWNER_TAG: owner, PART_TAG: part, NONCE_TAG: "n"}


@contextmanager
def failing(world: World, operation: str, kind: FailureKind, *, times: int = 1) -> Iterator[None]:
    """Let the next calls of an operation, a change or a read, fail without an effect."""
    left = [times]

    def fail(called: str) -> None:
        if called == operation and left[0] > 0:
            left[0] -= 1
            raise error(kind, operation)

    before, on_read = world.sky.before, world.sky.on_read
    world.sky.before = world.sky.on_read = fail
    try:
        yield
    finally:
        world.sky.before, world.sky.on_read = before, on_read
    assert left == [0], f"{operation} was called less often"


def ending_at(world: World, operation: str, *, nth: int = 1) -> AbstractContextManager[None]:
    """Let the operator's process end after the nth call that has had its effect."""
    calls = itertools.count(1)

    def end() -> None:
        if next(calls) == nth:
            raise CrashError

    return on_call(world, operation, end)


def on_call(
    world: World, operation: str, do: Callable[[], object], when: str = "after"
) -> AbstractContextManager[None]:
    """Let something happen at each call of an operation."""

    def on_aws(at: str, called: str) -> None:
        if (at, called) == (when, operation):
            do()

    return world.disturbed(on_aws, lambda _when, _operation: None)


def told(world: World, kind: str) -> JsonObject:
    """One condition, as stored."""
    conditions = cast("list[JsonObject]", cast("JsonObject", world.raw["status"])["conditions"])
    return next(each for each in conditions if each["type"] == kind)
