"""What the operator takes for the present state when news and answers cross."""

from __future__ import annotations

from pydantic import JsonValue

from datamover_crds import JsonObject
from datamover_operator.controller.context import Caches, Key
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.controllers import KINDS
from datamover_operator.movers.kind import MOVER
from datamover_operator.process.metrics import Metrics
from tests.unit.controller.filters import event_filter_of


def mover(version: str, **more: JsonValue) -> JsonObject:
    location: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::bucket"}}
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "metadata": {"name": "m", "namespace": "n", "uid": "u", "generation": 1, "resourceVersion": version, **more},
        "spec": {"accountRef": {"name": "a"}, "source": location, "destination": location},
    }


def test_an_answer_that_its_objects_deletion_overtook_brings_nothing_back() -> None:
    """The last finalizer is removed: the deletion is often seen before the write's own answer."""
    caches = Caches(KINDS)
    event_filter = event_filter_of(caches, WorkQueue())
    event_filter.seen(MOVER, None, mover("1", finalizers=["datamover.io/cleanup"]))
    without = mover("2", deletionTimestamp="2026-01-01T00:00:00Z")
    event_filter.expect(MOVER, without)
    event_filter.seen(MOVER, "DELETED", mover("3", deletionTimestamp="2026-01-01T00:00:00Z"))
    event_filter.wrote(MOVER, without)
    assert caches[MOVER].get("u") is None
    assert caches[MOVER].under(("account", "a")) == []


def test_the_news_of_an_old_ones_deletion_takes_nothing_from_a_new_one_of_its_name() -> None:
    metrics = Metrics()
    event_filter = event_filter_of(Caches(KINDS), WorkQueue(), metrics)
    event_filter.seen(MOVER, None, mover("1"))
    event_filter.seen(MOVER, "ADDED", mover("3", uid="new"))
    event_filter.seen(MOVER, "DELETED", mover("2"))
    metrics.run_ended("n", "m", "Succeeded", moved=7, seconds=None)
    moved = {"namespace": "n", "mover": "m"}
    assert metrics.registry.get_sample_value("datamover_bytes_moved_total", moved) == 7
    event_filter.seen(MOVER, "DELETED", mover("4", uid="new"))
    metrics.run_ended("n", "m", "Succeeded", moved=7, seconds=None)
    assert metrics.registry.get_sample_value("datamover_bytes_moved_total", moved) is None


def test_an_edit_that_a_read_finds_first_is_news() -> None:
    """A conflict lets an object be read again: what a user has edited meanwhile is seen there before its event."""
    queue: WorkQueue[Key] = WorkQueue()
    event_filter = event_filter_of(Caches(KINDS), queue)
    event_filter.seen(MOVER, None, mover("1"))
    queue.forget((MOVER, "u"))
    event_filter.found(MOVER, mover("2", generation=2))
    event_filter.seen(MOVER, "MODIFIED", mover("2", generation=2))
    assert len(queue) == 1


def test_the_answer_to_our_own_write_is_no_news() -> None:
    queue: WorkQueue[Key] = WorkQueue()
    event_filter = event_filter_of(Caches(KINDS), queue)
    event_filter.seen(MOVER, None, mover("1"))
    queue.forget((MOVER, "u"))
    written = mover("2", annotations={"datamover.io/task-arn": "arn:aws:task"})
    event_filter.expect(MOVER, written)
    event_filter.wrote(MOVER, written)
    event_filter.seen(MOVER, "MODIFIED", written)
    assert len(queue) == 0
