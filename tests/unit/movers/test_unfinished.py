"""A mover that the REST service has not finished: it is left alone until its Secrets are there."""

from __future__ import annotations

import pytest

from datamover_crds import JsonObject
from datamover_crds.contract import FINALIZER, UNFINISHED_ANNOTATION, is_unfinished
from datamover_crds.meta import ObjectMeta
from tests.unit.movers.given import SPEC
from tests.unit.movers.world import NAMESPACE, World

MARK: dict[str, str] = {UNFINISHED_ANNOTATION: "true"}


def test_nothing_is_done_before_the_mark_is_off() -> None:
    with World(SPEC) as world:
        world.annotate(unfinished="true")
        world.settle()
        assert (world.sky.writes, world.kube.writes) == ([], [])
        world.annotate()
        assert world.settle() == "Ready"


@pytest.mark.parametrize(
    ("more", "is_so"),
    [
        ({"annotations": MARK}, True),
        ({}, False),
        ({"annotations": MARK, "finalizers": [FINALIZER]}, False),
        ({"annotations": MARK, "finalizers": [f"release.ns.{FINALIZER}"]}, False),
        ({"annotations": MARK, "finalizers": ["someone.else/hook"]}, True),
        ({"annotations": MARK, "deletionTimestamp": "2026-01-31T12:00:00Z"}, False),
    ],
)
def test_only_what_nobody_has_begun_is_left_alone(more: JsonObject, is_so: bool) -> None:
    meta = ObjectMeta.model_validate({"name": "m", "namespace": NAMESPACE, "uid": "u", **more})
    assert is_unfinished(meta) is is_so
