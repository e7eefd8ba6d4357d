"""A mover that the REST service has not finished: it is left alone until its Secrets are there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject
from datamover_crds.contract import FINALIZER, UNFINISHED_ANNOTATION, UNFINISHED_FOR, is_unfinished
from datamover_crds.meta import ObjectMeta
from tests.unit.movers.given import SPEC, spec
from tests.unit.movers.world import GRANT_ALL, NAMESPACE, World

MARK: dict[str, str] = {UNFINISHED_ANNOTATION: "true"}
NIGHTLY: JsonObject = {"scheduleExpression": "cron(0 4 * * ? *)"}
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_nothing_is_done_before_the_mark_is_off() -> None:
    with World(SPEC) as world:
        world.annotate(unfinished="true")
        world.settle()
        assert (world.sky.writes, world.kube.writes) == ([], [])
        world.annotate()
        assert world.settle() == "Ready"


def test_whoever_can_annotate_keeps_no_revoked_schedule_running() -> None:
    with World(spec(schedule=NIGHTLY)) as world:
        world.settle()
        task = world.sky.items[str(world.mover.status.task_arn)]
        world._edit({"metadata": metadata_of(world.raw) | {"annotations": MARK, "finalizers": []}}, generation=False)
        world.pass_time(UNFINISHED_FOR.total_seconds())
        world.grant([GRANT_ALL | {"locations": ["s3://dst/*"]}])
        assert world.settle() == "Stalled"
        assert task.described["schedule"] == NIGHTLY | {"status": "DISABLED"}


@pytest.mark.parametrize(
    ("more", "is_so"),
    [
        ({"annotations": MARK}, True),
        ({}, False),
        ({"annotations": MARK, "finalizers": [FINALIZER]}, False),
        ({"annotations": MARK, "finalizers": [f"release.ns.{FINALIZER}"]}, False),
        ({"annotations": MARK, "finalizers": ["someone.else/hook"]}, True),
        ({"annotations": MARK, "deletionTimestamp": "2026-01-31T12:00:00Z"}, False),
        ({"annotations": MARK, "creationTimestamp": "2026-01-31T11:55:01Z"}, True),
        ({"annotations": MARK, "creationTimestamp": "2026-01-31T11:55:00Z"}, False),
        ({"annotations": MARK, "creationTimestamp": None}, False),
    ],
)
def test_only_what_nobody_has_begun_is_left_alone(more: JsonObject, is_so: bool) -> None:
    made = {"name": "m", "namespace": NAMESPACE, "uid": "u", "creationTimestamp": "2026-01-31T11:59:58Z"}
    assert is_unfinished(ObjectMeta.model_validate(made | more), NOW) is is_so
