"""What a task does now, from its last description and its runs."""

from __future__ import annotations

import pytest

from datamover_api.legacy.state import History, task_state
from datamover_api.mirror.keys import RunDigest
from datamover_common.kube.store import Store
from datamover_crds import DataMoverRun, dump
from tests.api.samples import execution, mover, ready, run


def history(runs: list[DataMoverRun]) -> History:
    store = Store(DataMoverRun, RunDigest.of, RunDigest.keys)
    return History.of(store.put(dump(each)) for each in runs)


@pytest.mark.parametrize(
    ("described", "last", "runs", "status", "arn"),
    [
        pytest.param("AVAILABLE", None, [], "AVAILABLE", None, id="never ran"),
        pytest.param("AVAILABLE", 1, [], "AVAILABLE", 1, id="ran before its runs were kept"),
        pytest.param("AVAILABLE", 1, [run(1, "Succeeded")], "AVAILABLE", 1, id="has run"),
        pytest.param("AVAILABLE", 1, [run(1, "Succeeded"), run(2, "Launching")], "RUNNING", 2, id="has just started"),
        pytest.param("RUNNING", 2, [run(2, "Cancelling")], "RUNNING", 2, id="is being cancelled"),
        pytest.param("RUNNING", 2, [run(1, "Failed"), run(2, "Succeeded")], "AVAILABLE", 2, id="has just ended"),
        pytest.param("QUEUED", 2, [run(2, "Cancelled")], "AVAILABLE", 2, id="was cancelled in the queue"),
        pytest.param("AVAILABLE", 1, [run(1, "Failed"), run(2, "Queued")], "QUEUED", 2, id="is in the queue"),
        pytest.param("RUNNING", 1, [run(1, "Verifying"), run(2, "Queued")], "RUNNING", 1, id="runs, another waits"),
        pytest.param("RUNNING", 3, [run(2, "Succeeded")], "RUNNING", 3, id="was started by somebody else"),
        pytest.param("AVAILABLE", 1, [run(1, "Succeeded"), run(2, "Succeeded")], "AVAILABLE", 2, id="ran meanwhile"),
        pytest.param("AVAILABLE", None, [run(1, "Pending", started=False)], "AVAILABLE", None, id="waits to start"),
        pytest.param("AVAILABLE", None, [run(1, "Rejected", started=False)], "AVAILABLE", None, id="was rejected"),
        pytest.param("UNAVAILABLE", 1, [run(1, "Succeeded")], "UNAVAILABLE", 1, id="is broken"),
        pytest.param("AVAILABLE", None, [run(2, "Succeeded"), run(1, "Failed")], "AVAILABLE", 2, id="tells of no run"),
        pytest.param("CREATING", None, [], "CREATING", None, id="is being created"),
    ],
)
def test_the_state_of_a_task_that(
    described: str, last: int | None, runs: list[DataMoverRun], status: str, arn: int | None
) -> None:
    known = mover(status=ready(status=described, currentTaskExecutionArn=execution(last) if last else None))
    state = task_state(known, history(runs))
    assert (state.status, state.execution_arn) == (status, execution(arn) if arn else None)


def test_the_active_run_is_the_one_to_stop() -> None:
    runs = [run(1, "Queued"), run(2, "Transferring"), run(3, "Succeeded")]
    state = task_state(mover(status=ready()), history(runs))
    assert state.active is not None
    assert state.active.metadata.name == "run-2"
