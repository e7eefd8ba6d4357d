"""A task that takes another's place keeps what AWS has there and the spec does not set; what can't be kept is told."""

from __future__ import annotations

from typing import cast

import pytest

from datamover_crds import JsonObject
from datamover_crds.contract import PREFIX
from datamover_operator.movers.plan.diff import task_change
from tests.support.specs import efs, s3
from tests.unit.movers.given import Spec, foreign_task, locations_of, spec, told
from tests.unit.movers.sky import ACCOUNT_ID, Item
from tests.unit.movers.world import World

ELSEWHERE: Spec = s3(s3BucketArn="arn:aws:s3:::elsewhere")
GROUP = f"arn:aws:logs:eu-central-1:{ACCOUNT_ID}:log-group:transfers"
EXCLUDES: JsonObject = {"filterType": "SIMPLE_PATTERN", "value": "*.tmp"}
REPORT: JsonObject = {"reportLevel": "ERRORS_ONLY", "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::reports"}}}
NIGHTLY: JsonObject = {"scheduleExpression": "cron(0 4 * * ? *)", "status": "ENABLED"}


def elaborate_task(world: World) -> Item:
    """A task that others have set up in every detail."""
    task = foreign_task(world.sky)
    task.described |= {
        "excludes": [EXCLUDES],
        "options": {"verifyMode": "NONE", "logLevel": "TRANSFER", "overwriteMode": "ALWAYS"},
        "cloudWatchLogGroupArn": GROUP,
        "taskReportConfig": REPORT,
        "schedule": NIGHTLY,
    }
    task.tags |= {"team": "a", "cost": "7"}
    for location in locations_of(world.sky, task):
        location.described["s3StorageClass"] = "STANDARD_IA"
    return task


def present(world: World) -> Item:
    return world.sky.items[str(world.mover.status.task_arn)]


def users_tags(item: Item) -> dict[str, str]:
    return {key: value for key, value in item.tags.items() if not key.startswith(PREFIX)}


def test_what_the_spec_does_not_set_is_kept() -> None:
    with World(spec()) as world:
        task = elaborate_task(world)
        adopting = spec(adopt={"taskArn": task.arn})
        world.change(adopting)
        assert world.settle() == "Ready"
        world.change(adopting | {"source": ELSEWHERE})
        assert world.settle() == "Ready"
        new = present(world)
        assert new.arn != task.arn
        for name in ("excludes", "cloudWatchLogGroupArn", "taskReportConfig", "schedule"):
            assert new.described[name] == task.described[name], name
        options = cast("JsonObject", new.described["options"])
        assert (options["verifyMode"], options["logLevel"]) == ("NONE", "TRANSFER")
        assert {key: value for key, value in new.tags.items() if not key.startswith(PREFIX)} == {
            "team": "a",
            "cost": "7",
        }
        source = world.sky.items[str(world.mover.status.source_location_arn)]
        assert source.described["s3StorageClass"] == "STANDARD_IA"


def test_what_the_spec_sets_or_has_set_is_as_the_spec_says() -> None:
    with World(spec()) as world:
        task = elaborate_task(world)
        adopting = spec(adopt={"taskArn": task.arn}, options={"logLevel": "BASIC"})
        world.change(adopting | {"excludes": [{"value": "/x"}], "tags": [{"key": "team", "value": "b"}]})
        assert world.settle() == "Ready"
        world.change(adopting | {"source": ELSEWHERE, "tags": [{"key": "cost", "value": "8"}]})
        assert world.settle() == "Ready"
        new = present(world)
        assert new.described["excludes"] == []
        assert cast("JsonObject", new.described["options"])["logLevel"] == "BASIC"
        assert users_tags(new) == {"cost": "8"}


def test_options_of_file_systems_do_not_follow_into_buckets() -> None:
    with World(spec(destination=efs())) as world:
        world.settle()
        options = cast("JsonObject", present(world).described["options"])
        options |= {"uid": "NONE", "gid": "NONE", "posixPermissions": "NONE", "verifyMode": "NONE"}
        world.change(spec(destination=ELSEWHERE))
        assert world.settle() == "Ready"
        new = cast("JsonObject", present(world).described["options"])
        assert "uid" not in new
        assert new["verifyMode"] == "NONE"


def test_tags_that_do_not_fit_are_listed_before_anything_is_made() -> None:
    with World(spec()) as world:
        task = foreign_task(world.sky)
        task.tags |= {f"tag-{number:02}": "x" for number in range(46)}
        adopting = spec(adopt={"taskArn": task.arn})
        world.change(adopting)
        assert world.settle() == "Ready"
        more: JsonObject = {"tags": [{"key": "one-more", "value": "x"}]}
        made = len(world.sky.items)
        world.change(adopting | {"source": ELSEWHERE, **more})
        assert world.settle() == "Stalled"
        assert told(world, "Stalled")["reason"] == "TooManyTags"
        assert "there is no room for tag-45" in str(told(world, "Stalled")["message"])
        assert len(world.sky.items) == made
        world.change(adopting | {"source": ELSEWHERE, "tags": []})
        assert world.settle() == "Ready"
        assert all(key.startswith(PREFIX) for key in present(world).tags)


@pytest.mark.parametrize("field", ["includes", "excludes"])
def test_an_empty_filter_is_told_from_none(field: str) -> None:
    with World(spec()) as world:
        task = foreign_task(world.sky)
        task.described[field] = [EXCLUDES | {"value": "/x"}]
        adopting = spec(adopt={"taskArn": task.arn})
        world.change(adopting)
        assert world.settle() == "Ready"
        assert task.described[field] != []
        world.change(adopting | {field: []})
        assert world.settle() == "Ready"
        assert task.described[field] == []


def test_a_log_group_that_leaves_the_spec_is_taken_off_the_task() -> None:
    with World(spec(cloudWatchLogGroupArn=GROUP, options={"logLevel": "BASIC"})) as world:
        world.settle()
        world.change(spec(options={"logLevel": "BASIC"}))
        assert world.settle() == "Ready"
        assert present(world).described["cloudWatchLogGroupArn"] == ""
        assert task_change(world.mover.spec, "m", present(world).described, (), "posix") is None


@pytest.mark.parametrize(("level", "is_told"), [(None, True), ("OFF", False), ("BASIC", False)])
def test_a_log_group_that_stays_empty_is_told_of_once(level: str | None, is_told: bool) -> None:
    options = {"options": {"logLevel": level}} if level is not None else {}
    with World(spec(cloudWatchLogGroupArn=GROUP, **options)) as world:
        assert world.settle() == "Ready"
        world.look_closely()
        world.settle()
        assert ("spec.options.logLevel is not set" in str(told(world, "Ready")["message"])) is is_told
        assert [reason for reason, _ in world.told.events].count("LogsNothing") == is_told
