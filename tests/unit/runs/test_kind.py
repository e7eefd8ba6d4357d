"""By which keys runs are found."""

from __future__ import annotations

from datamover_crds import JsonObject
from datamover_operator.runs.kind import ACTIVE, RUN, active_by_mover, by_mover


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
