"""Of two starts of a mover one goes first (I7), and none comes back from the dead."""

from __future__ import annotations

from typing import Any

import pytest

from datamover_crds import dump
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.names import trigger_run_name
from datamover_operator.runs.kind import RUN
from tests.unit.movers.sky import CrashError
from tests.unit.runs.stage import NAMESPACE, Stage

QUEUE: dict[str, Any] = {"overrideOptions": {"taskQueueing": "ENABLED"}}


def token(stage: Stage, text: str) -> str:
    """Set a trigger token; the name of its run."""
    stage.change(MOVER, "m", trigger={"manual": text})
    return trigger_run_name("m", text)


def phase(stage: Stage, name: str) -> tuple[str | None, str | None]:
    status = stage.run(name).status
    return status.phase, status.reason


@pytest.mark.parametrize("foreign", [False, True], ids=["a run", "an execution of somebody else"])
def test_a_token_that_is_set_during_a_run_starts_one_more_when_that_has_ended(ready: Stage, foreign: bool) -> None:
    if foreign:
        ready.sky.start(str(ready.mover().status.task_arn))
    else:
        ready.add_run()
        ready.go(1)
    name = token(ready, "during")
    ready.go(10)
    assert phase(ready, name) == ("Pending", "WaitingForRun")
    ready.go(130)
    assert phase(ready, name)[0] in {"Transferring", "Succeeded"}
    ready.go(130)
    assert phase(ready, name)[0] == "Succeeded"
    assert ready.mover().status.last_trigger == "during"


def test_of_tokens_in_quick_succession_the_last_one_counts(ready: Stage) -> None:
    first = token(ready, "one")
    ready.go(6)
    second = token(ready, "two")
    ready.go(1)
    third = token(ready, "three")
    ready.go(300)
    assert phase(ready, first)[0] == "Succeeded"
    assert phase(ready, second) == ("Rejected", "Superseded")
    assert third in str(ready.run(second).status.message)
    assert phase(ready, third)[0] == "Succeeded"
    assert ready.starts.total() == 2


def test_a_token_waits_across_a_restart(ready: Stage) -> None:
    ready.add_run()
    ready.go(1)
    name = token(ready, "during")
    ready.go(5)
    ready.restart()
    ready.go(300)
    assert phase(ready, name)[0] == "Succeeded"


def test_any_other_run_is_rejected(ready: Stage) -> None:
    ready.add_run()
    ready.go(1)
    ready.add_run("second")
    ready.go(5)
    assert phase(ready, "second") == ("Rejected", "AlreadyRunning")


def test_a_run_that_is_created_as_soon_as_another_one_shows_its_end_starts(ready: Stage) -> None:
    ended = RUN.named(NAMESPACE, "r")

    def next_one(_: str) -> None:
        """The user is quicker than the operator, which has not released the mover yet."""
        if ready.run().status.phase == "Succeeded" and "second" not in ready.runs:
            assert ready.mover().status.current_run is not None
            ready.add_run("second")
            ready.kube.objects[ended] = ready.kube.objects.pop(ended)  # looked at after the second one
            raise CrashError

    ready.add_run()
    ready.kube.after = next_one
    ready.go(200)
    assert phase(ready, "second")[0] == "Succeeded"


@pytest.mark.parametrize(
    ("mover", "run", "expected"),
    [("ENABLED", None, "Queued"), ("ENABLED", "DISABLED", "Rejected"), ("DISABLED", "ENABLED", "Queued")],
)
def test_a_run_queues_where_it_or_else_its_mover_asks_for_that(
    stage: Stage, mover: str, run: str | None, expected: str
) -> None:
    stage.add_mover(options={"taskQueueing": mover})
    stage.add_run()
    stage.go(1)
    override: dict[str, Any] = {"overrideOptions": {"taskQueueing": run}} if run else {}
    stage.add_run("second", **override)
    stage.go(6)
    assert phase(stage, "second")[0] == expected


def test_a_rejected_run_whose_status_is_lost_does_not_start_later(ready: Stage) -> None:
    ready.add_run()
    ready.go(1)
    ready.add_run("second")
    ready.go(100)
    assert phase(ready, "second") == ("Rejected", "AlreadyRunning")
    ready.wipe(RUN, "second")
    ready.restart()
    ready.go(100)
    assert phase(ready, "second") == ("Rejected", "AlreadyRunning")
    assert ready.starts.total() == 1


def test_runs_that_a_user_has_declared_are_not_pruned(stage: Stage) -> None:
    stage.add_mover(runHistory={"limit": 0})
    stage.add_run("declared")
    stage.go(70)
    stage.add_run("made", origin="ci")
    stage.go(100)
    assert stage.runs == ["declared"]
    stage.restart()
    stage.go(100)
    assert stage.runs == ["declared"]


@pytest.mark.parametrize("field", ["includes", "excludes"])
def test_an_empty_filter_of_a_run_takes_the_place_of_the_movers(stage: Stage, field: str) -> None:
    filters: dict[str, Any] = {field: [{"value": "/a*"}]}
    stage.add_mover(**filters)
    stage.add_run("as-the-mover")
    stage.go(70)
    stage.create(RUN, "all", {"moverRef": {"name": "m"}, field: []})
    stage.go(70)
    assert [field in request for request in stage.sky.start_requests] == [False, True]
    assert stage.sky.start_requests[1][field] == []
    assert dump(stage.run("all").spec)[field] == []
