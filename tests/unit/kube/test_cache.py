"""What the cache remembers, and what that costs."""

from __future__ import annotations

import tracemalloc
from typing import cast
from weakref import ref

from datamover_crds import JsonObject
from datamover_operator.controller.context import Caches
from datamover_operator.controllers import KINDS
from datamover_operator.runs.kind import ACTIVE, RUN

RUNS = 2000


def ended(number: int) -> JsonObject:
    execution = f"arn:aws:datasync:eu-central-1:111122223333:task/task-{7:017x}/execution/exec-{number:017x}"
    stages = {f"{stage}{what}": 1000 for stage in ("prepare", "transfer", "verify") for what in ("Duration",)}
    counters = ("filesTransferred", "bytesTransferred", "bytesWritten", "bytesCompressed", "filesDeleted")
    condition = {"lastTransitionTime": "2025-01-15T12:00:00Z", "reason": "Succeeded", "message": "all is there"}
    status = {
        "phase": "Succeeded",
        "executionArn": execution,
        "startTime": "2025-01-15T12:00:00.000Z",
        "completionTime": "2025-01-15T12:10:00.000Z",
        "counters": dict.fromkeys(counters, 12345),
        "result": stages,
        "conditions": [{"type": kind, "status": "True", **condition} for kind in ("Ready", "Reconciling", "Stalled")],
    }
    metadata = {
        "name": f"run-{number}",
        "namespace": "n",
        "uid": f"uid-{number}",
        "resourceVersion": str(number + 1),
        "managedFields": [{"manager": "operator", "fieldsV1": {f"f:{name}": {} for name in status}}],
    }
    return cast("JsonObject", {"metadata": metadata, "spec": {"moverRef": {"name": "m"}}, "status": status})


def test_a_history_of_ended_runs_is_cheap_to_remember() -> None:
    """50,000 of them, ten for each of 5,000 movers, leave most of 512 MiB to the work itself."""
    caches = Caches(KINDS)
    tracemalloc.start()
    try:
        for number in range(RUNS):
            caches[RUN].put(ended(number))
        each = tracemalloc.get_traced_memory()[0] / RUNS
    finally:
        tracemalloc.stop()
    assert each < 3000


def test_what_was_packed_is_read_as_it_was() -> None:
    caches = Caches(KINDS)
    entry = caches[RUN].put(ended(1))
    for number in range(2, RUNS):
        caches[RUN].put(ended(number))
    assert entry.raw["status"] == ended(1)["status"]
    assert entry.model.status.phase == "Succeeded"


def test_what_has_just_been_read_is_not_read_again() -> None:
    caches = Caches(KINDS)
    read = ref(caches[RUN].put(ended(1)).model)
    assert caches[RUN].put(ended(1)).model is read()


def test_a_run_is_active_until_it_ends() -> None:
    caches = Caches(KINDS)
    run = ended(1)
    caches[RUN].put(run | {"status": {"phase": "Transferring"}})
    assert caches[RUN].uids(ACTIVE) == caches[RUN].uids(("n", "m", ACTIVE)) == ["uid-1"]
    metadata = cast("JsonObject", run["metadata"]) | {"resourceVersion": "99"}
    caches[RUN].put(run | {"metadata": metadata})
    assert caches[RUN].uids(ACTIVE) == caches[RUN].uids(("n", "m", ACTIVE)) == []
    assert caches[RUN].uids(("n", "m")) == ["uid-1"]
