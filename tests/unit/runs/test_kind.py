"""By which keys runs are found."""

from __future__ import annotations

import pytest
from pydantic import JsonValue

from datamover_crds import JsonObject
from datamover_crds.contract import EXECUTION_ANNOTATION
from datamover_operator.runs.kind import ACTIVE, RUN, active_by_execution, active_by_mover, by_mover


def run(version: str, phase: str) -> JsonObject:
    metadata: JsonObject = {"name": "r", "namespace": "n", "uid": "u", "resourceVersion": version}
    return {"metadata": metadata, "spec": {"moverRef": {"name": "m"}}, "status": {"phase": phase}}


def test_a_run_is_active_until_it_ends() -> None:
    runs = RUN.cache()
    runs.put(run("1", "Transferring"))
    assert runs.uids(ACTIVE) == runs.uids(active_by_mover("n", "m")) == runs.uids(by_mover("n", "m")) == ["u"]
    runs.put(run("2", "Succeeded"))
    assert runs.uids(ACTIVE) == runs.uids(active_by_mover("n", "m")) == []
    assert runs.uids(by_mover("n", "m")) == ["u"]


@pytest.mark.parametrize(
    ("status", "annotations"),
    [({"executionArn": "arn:x"}, {}), ({}, {EXECUTION_ANNOTATION: "arn:x"}), ({"executionArn": "arn:x"}, None)],
)
def test_an_active_run_is_found_by_its_execution(status: JsonObject, annotations: JsonObject | None) -> None:
    runs, raw = RUN.cache(), run("1", "Transferring")
    raw["status"] = {"phase": "Transferring", **status}
    raw["metadata"] = {"name": "r", "namespace": "n", "uid": "u", "resourceVersion": "1", "annotations": annotations}
    runs.put(raw)
    assert runs.uids(active_by_execution("arn:x")) == ["u"]
    runs.put(run("2", "Succeeded"))
    assert runs.uids(active_by_execution("arn:x")) == []


@pytest.mark.parametrize("arn", [{}, [], 7, None, {"a": ["b"]}])
def test_an_execution_that_is_no_text_is_no_key(arn: JsonValue) -> None:
    runs, raw = RUN.cache(), run("1", "Transferring")
    raw["status"] = {"phase": "Transferring", "executionArn": arn}
    runs.put(raw)
    assert runs.uids(ACTIVE) == ["u"]
