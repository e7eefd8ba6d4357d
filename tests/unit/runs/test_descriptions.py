"""Whatever DataSync says of an execution, the run takes what it can of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import DataMoverRunStatus, JsonObject, Phase, dump, parse
from datamover_operator.runs.plan.executions import status_from

NOW = datetime(2025, 1, 15, 13, tzinfo=UTC)
STARTED = "2025-01-15T12:00:00.000Z"
ARN = "arn:aws:datasync:eu-central-1:111122223333:task/task-00000000000000001/execution/exec-00000000000000001"
BASE: JsonObject = {"taskExecutionArn": ARN, "status": "ERROR", "startTime": STARTED}
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=5), st.just({"atSource": -1})
)
COUNTERS = ("bytesWritten", "estimatedBytesToTransfer", "filesTransferred", "filesListed", "somethingNew")
RESULTS = ("totalDuration", "prepareStatus", "errorCode", "errorDetail", "somethingNew")


def test_what_fits_is_kept_beside_what_does_not() -> None:
    result: JsonObject = {
        "totalDuration": -3,
        "prepareStatus": "SKIPPED",
        "errorCode": "Cancelled",
        "prepareDuration": 4,
    }
    status = status_from(
        BASE | {"bytesWritten": -1, "filesTransferred": 2, "result": result}, DataMoverRunStatus(), NOW
    )
    assert status.phase == "Failed"
    assert status.result is not None
    assert dump(status.result) == {"errorCode": "Cancelled", "prepareDuration": 4}
    assert status.counters is not None
    assert dump(status.counters) == {"filesTransferred": 2}


def test_an_end_before_the_start_is_not_believed() -> None:
    status = status_from(BASE | {"result": {"totalDuration": -3}}, DataMoverRunStatus(), NOW)
    assert status.completion_time == "2025-01-15T13:00:00.000Z"


def test_an_end_beyond_the_calendar_is_not_believed() -> None:
    status = status_from(BASE | {"result": {"totalDuration": 2**62}}, DataMoverRunStatus(), NOW)
    assert status.completion_time == "2025-01-15T13:00:00.000Z"


@pytest.mark.parametrize(
    ("told", "ended"),
    [
        ({"endTime": "2025-01-15T12:09:00.000Z", "launchTime": "2025-01-15T12:05:00.000Z"}, "2025-01-15T12:09:00.000Z"),
        ({"launchTime": "2025-01-15T12:05:00.000Z"}, "2025-01-15T12:06:00.000Z"),
        ({}, "2025-01-15T12:01:00.000Z"),
        ({"endTime": "soon"}, "2025-01-15T13:00:00.000Z"),
    ],
    ids=["end", "launch of one that was queued", "start", "no time"],
)
def test_when_it_ended(told: JsonObject, ended: str) -> None:
    described = BASE | {"result": {"totalDuration": 60_000}} | told
    assert status_from(described, DataMoverRunStatus(), NOW).completion_time == ended


def test_counters_that_are_not_known_yet_are_kept() -> None:
    counters: JsonObject = {
        "foldersFailed": {"list": 1, "prepare": 0, "archive": 2},
        "filesFailed": {"transfer": 3, "archive": 4},
        "filesArchived": 5,
    }
    described = BASE | counters | {"taskMode": "ENHANCED", "isNew": True}
    status = status_from(described, DataMoverRunStatus(), NOW)
    assert status.counters is not None
    assert dump(status.counters) == counters
    assert parse(DataMoverRunStatus, dump(status)) == status


@pytest.mark.parametrize(
    ("stored", "described", "phase"),
    [
        (None, "QUEUED", "Queued"),
        ("Pending", "SOMETHING_NEW", "Launching"),
        ("Queued", "PREPARING", "Preparing"),
        ("Transferring", "PREPARING", "Transferring"),
        ("Transferring", "SOMETHING_NEW", "Transferring"),
        ("Cancelling", "TRANSFERRING", "Cancelling"),
        ("Cancelling", "ERROR", "Cancelled"),
        ("Cancelling", "SUCCESS", "Succeeded"),
    ],
)
def test_a_phase_never_goes_back(stored: Phase | None, described: str, phase: str) -> None:
    """Of two operators one may know an older description, and both would write forever."""
    assert status_from(BASE | {"status": described}, DataMoverRunStatus(phase=stored), NOW).phase == phase


def test_a_reason_is_as_long_as_the_schema_accepts() -> None:
    status = status_from(BASE | {"result": {"errorCode": "x" * 4000}}, DataMoverRunStatus(), NOW)
    parse(DataMoverRunStatus, dump(status))


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(COUNTERS, VALUES)),
    st.fixed_dictionaries({}, optional=dict.fromkeys(RESULTS, VALUES)),
    st.sampled_from(("QUEUED", "TRANSFERRING", "SOMETHING_NEW", "SUCCESS", "ERROR")),
)
def test_every_description_makes_a_status_that_can_be_stored(
    counters: JsonObject, result: JsonObject, now: str
) -> None:
    status = status_from(BASE | counters | {"result": result, "status": now}, DataMoverRunStatus(), NOW)
    parse(DataMoverRunStatus, dump(status))
