"""By which keys movers and runs are found, from what the API server has stored."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_api.mirror.keys import ALL, FAILED, UNSTARTED, Group, MoverDigest, MoverKey, RunDigest, Shelf
from datamover_crds import JsonObject, dump
from tests.api.samples import TASK, Json, condition, execution, mover, ready, run

KEY = MoverKey("abc-123", "nightly")
FAILURE: Json = {"conditions": [condition("Stalled")], "observedGeneration": 0}


def keys(**given: Any) -> set[object]:  # noqa: ANN401 - what a sample is made of
    return set(MoverDigest.of(dump(mover(**given))).keys())


def test_a_mover_is_shown_from_its_task_s_creation_until_its_deletion_is_asked_for() -> None:
    assert keys() == {KEY}
    assert keys(status=ready()) == {KEY, Group("abc-123"), ALL}
    assert keys(status=ready(), deleting=True) == {KEY}


def test_a_mover_without_a_group_is_in_its_namespace_s() -> None:
    assert keys(group=None, status=ready()) == {MoverKey("rest", "nightly"), Group("rest"), ALL}


def test_a_mover_that_rest_made_has_failed_when_it_is_stalled_without_a_task() -> None:
    by_rest = {"datamover.io/origin": "rest"}
    assert keys(status=FAILURE, labels=by_rest) == {KEY, FAILED}
    assert keys(status=FAILURE) == {KEY}
    assert keys(status=FAILURE, labels=by_rest, deleting=True) == {KEY}
    assert keys(status={**FAILURE, "taskArn": TASK}, labels=by_rest) == {KEY}
    assert keys(status={**FAILURE, "observedGeneration": 7}, labels=by_rest) == {KEY}


@pytest.mark.parametrize(
    ("labels", "owner"),
    [
        ({"datamover.io/origin": "label-studio", "datamover.io/label-studio-project": "7"}, "7"),
        ({"datamover.io/origin": "sync-api", "datamover.io/sync-owner": "team-b"}, "team-b"),
    ],
)
def test_what_another_facade_made_is_on_its_client_s_shelf_and_not_shown_to_others(
    labels: dict[str, str], owner: str
) -> None:
    origin = labels["datamover.io/origin"]
    assert keys(status=ready(), labels=labels) == {KEY, Shelf(origin, ""), Shelf(origin, owner)}
    assert keys(status=ready(), labels=labels, deleting=True) == {KEY}


def test_a_run_is_its_mover_s() -> None:
    owner = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMover", "name": "nightly", "uid": "its-owner"}
    raw: Any = dump(run(1, "Succeeded"))
    assert set(RunDigest.of(raw).keys()) == {""}
    raw["metadata"]["ownerReferences"] = [{**owner, "uid": "another"}, {**owner, "controller": True}]
    assert set(RunDigest.of(raw).keys()) == {"its-owner"}
    raw["status"]["moverUid"] = "first-seen"
    assert set(RunDigest.of(raw).keys()) == {"first-seen"}
    del raw["status"]["executionArn"]
    assert set(RunDigest.of(raw).keys()) == {"first-seen", UNSTARTED}


def test_a_run_s_digest_tells_its_execution_and_when_it_was_started() -> None:
    digest = RunDigest.of(dump(run(7, "Succeeded")))
    assert (digest.execution, digest.phase) == (execution(7).rsplit("/", 1)[-1], "Succeeded")
    assert RunDigest.of(dump(run(8))).started - digest.started == 1
    assert RunDigest.of(dump(run(7, started=False))).execution == ""


@pytest.mark.parametrize(
    "odd",
    [
        {},
        {"spec": None, "status": None, "metadata": None},
        {"spec": [], "status": "x", "metadata": {}},
        {"metadata": {"ownerReferences": "x", "creationTimestamp": "soon"}, "status": {"phase": 5, "startTime": []}},
        {"metadata": {"ownerReferences": [1, {"kind": "DataMover"}]}, "spec": {"tags": {"a": 1}, "name": 7}},
    ],
)
def test_what_no_model_takes_has_keys_all_the_same(odd: JsonObject) -> None:
    assert list(RunDigest.of(odd).keys())
    assert list(MoverDigest.of(odd).keys())
