"""The state machine of an execution."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from datasync_emulator.catalogue.locations import LOCATION_TYPES
from datasync_emulator.catalogue.records import Location, Task
from datasync_emulator.executions.record import Execution
from datasync_emulator.messages import Caller

NOW = datetime(2024, 1, 1, tzinfo=UTC)
LATER = NOW + timedelta(milliseconds=1234)


@pytest.fixture
def execution() -> Execution:
    """One that has just been asked for."""
    file_system = "arn:aws:elasticfilesystem:eu-central-1:111122223333:file-system/fs-01234567"
    caller = Caller("111122223333", "eu-central-1", NOW)
    efs = next(kind for kind in LOCATION_TYPES if kind.operation == "Efs")
    spec = efs.create(caller, {"EfsFilesystemArn": file_system, "Ec2Config": {}})
    location = Location("arn:loc", 1, NOW, spec)
    task = Task("arn:task", 2, NOW, "arn:loc", "arn:loc", "BASIC", {})
    return Execution(
        arn="arn:exec",
        serial=3,
        caller=caller,
        task=task,
        source=location,
        destination=location,
        options={},
        includes=(),
        excludes=(),
        manifest=None,
        report=None,
    )


def test_it_goes_through_its_states_to_success(execution: Execution) -> None:
    assert execution.status == "QUEUED"
    execution.launch(NOW)
    for state in ("PREPARING", "TRANSFERRING", "VERIFYING"):
        execution.advance(state)
        assert execution.describe(NOW)["Status"] == state
    execution.end(LATER)
    described = execution.describe(LATER + timedelta(hours=1))
    assert described["Status"] == "SUCCESS"
    assert described["Result"]["TotalDuration"] == 1234


def test_once_cancelled_it_does_not_go_on(execution: Execution) -> None:
    execution.launch(NOW)
    assert execution.ask_to_stop()
    assert execution.cancel.is_set()
    execution.advance("VERIFYING")
    assert execution.status == "CANCELLING"
    execution.end(LATER)
    assert execution.status == "ERROR"
    assert "ErrorCode" not in execution.describe(LATER)["Result"]


def test_once_ended_it_stays_so(execution: Execution) -> None:
    execution.launch(NOW)
    execution.end(LATER)
    assert not execution.ask_to_stop()
    execution.advance("PREPARING")
    assert execution.status == "SUCCESS"


def test_the_phase_in_which_it_failed_is_shown(execution: Execution) -> None:
    execution.launch(NOW)
    execution.advance("PREPARING")
    execution.advance("TRANSFERRING")
    execution.end(LATER, "Code", "what happened")
    result = execution.describe(LATER)["Result"]
    assert [result[f"{phase}Status"] for phase in ("Prepare", "Transfer", "Verify")] == ["SUCCESS", "ERROR", "PENDING"]
    assert (result["ErrorCode"], result["ErrorDetail"]) == ("Code", "what happened")


def test_one_that_is_cancelled_before_its_launch_took_no_time(execution: Execution) -> None:
    execution.ask_to_stop()
    execution.end(NOW)
    result = execution.describe(LATER)["Result"]
    assert isinstance(result, dict)
    assert result["TotalDuration"] == 0
