"""How far a run has got, in numbers and in amounts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_crds import DataMoverRun, DataMoverRunStatus, JsonObject, dump, parse
from datamover_operator.controller.plan import amounts
from datamover_operator.controller.plan.notes import Note
from datamover_operator.runs.plan.executions import status_from
from datamover_operator.runs.plan.news import mover_notes, notes_of
from datamover_operator.runs.plan.progress import Sample, sample_of
from tests.support.specs import run

MIB = 1024 * 1024
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TRANSFERRING: JsonObject = {
    "status": "TRANSFERRING",
    "startTime": "2026-01-31T11:59:00.000Z",
    "estimatedBytesToTransfer": 60 * MIB,
    "estimatedFilesToTransfer": 2372,
    "bytesWritten": 28 * MIB,
    "filesTransferred": 1204,
}
ARN = "arn:aws:datasync:eu-central-1:111122223333:task/task-00000000000000001/execution/exec-00000000000000001"
STARTED = DataMoverRunStatus(phase="Launching", reason="Launching", execution_arn=ARN, message="DataSync starts")
ENDED = STARTED.model_copy(update={"phase": "Failed", "reason": "AccessDenied", "message": "no access"})


def samples(*written: int) -> tuple[Sample, ...]:
    """One every five seconds, the last one now."""
    return tuple(
        sample_of({"bytesWritten": count}, NOW - timedelta(seconds=5 * back))
        for back, count in zip(range(len(written) - 1, -1, -1), written, strict=True)
    )


@pytest.mark.parametrize(
    ("told", "looks", "message"),
    [
        ({}, samples(18 * MIB, 23 * MIB, 28 * MIB), "46 %, 28 of 60 MiB, 1.0 MiB/s, 32 s left"),
        ({}, samples(28 * MIB), "46 %, 28 of 60 MiB"),
        ({}, samples(28 * MIB, 28 * MIB), "46 %, 28 of 60 MiB"),
        ({}, samples(28 * MIB, 0), "46 %, 28 of 60 MiB"),
        ({"bytesWritten": 60 * MIB}, samples(0, 60 * MIB), "99 %, 60 of 60 MiB, 12 MiB/s, 0 s left"),
        ({"estimatedBytesToTransfer": 0, "bytesWritten": 0}, (), "50 %, 1,204 of 2,372 files"),
        ({"estimatedBytesToTransfer": None, "estimatedFilesToTransfer": None}, (), "DataSync copies the data"),
        ({"status": "QUEUED"}, (), "waits in DataSync's queue for another execution of the task to end"),
        ({"status": "VERIFYING"}, samples(1, 2), "DataSync verifies what it has transferred"),
        (
            {
                "status": "SUCCESS",
                "filesTransferred": 2372,
                "bytesWritten": 43515904,
                "endTime": "2026-01-31T11:59:05Z",
            },
            (),
            "2,372 files, 41.5 MiB in 5 s",
        ),
        (
            {"status": "SUCCESS", "filesTransferred": 1, "endTime": "2026-01-31T14:09:05Z"},
            (),
            "1 file, 28 MiB in 2 h 10 min",
        ),
        ({"status": "ERROR", "result": {"errorDetail": "access denied"}}, (), "access denied"),
    ],
)
def test_what_is_said_of_an_execution(told: JsonObject, looks: tuple[Sample, ...], message: str) -> None:
    described: JsonObject = {key: its for key, its in (TRANSFERRING | told).items() if its is not None}
    assert status_from(described, DataMoverRunStatus(), NOW, looks).message == message


def test_what_columns_and_programs_read() -> None:
    status = status_from(TRANSFERRING, DataMoverRunStatus(), NOW, samples(18 * MIB, 23 * MIB, 28 * MIB))
    assert status.progress is not None
    shown = dump(status.progress)
    assert shown["bytesPerSecond"] == MIB
    assert shown["estimatedCompletionTime"] == "2026-01-31T12:00:32.000Z"
    assert shown["inWords"] == {
        "size": "28 of 60 MiB",
        "files": "1,204 of 2,372 files",
        "rate": "1.0 MiB/s",
        "remaining": "32 s",
    }


def test_a_phase_keeps_the_time_at_which_it_was_first_seen() -> None:
    later = NOW + timedelta(minutes=1)
    first = status_from(TRANSFERRING, DataMoverRunStatus(), NOW)
    again = status_from(TRANSFERRING | {"status": "VERIFYING"}, status_from(TRANSFERRING, first, later), later)
    assert again.phase_times is not None
    assert dump(again.phase_times) == {
        "transferring": "2026-01-31T12:00:00.000Z",
        "verifying": "2026-01-31T12:01:00.000Z",
    }


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (10 * MIB, "10 MiB"), (150.4 * MIB, "150 MiB")],
)
def test_sizes(count: float, shown: str) -> None:
    assert amounts.size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0, "0 s"), (0.2, "1 s"), (59, "59 s"), (60, "1 min"), (61, "1 min 1 s"), (3600, "1 h"), (90061, "1 d 1 h")],
)
def test_times(seconds: float, shown: str) -> None:
    assert amounts.duration(seconds) == shown


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1), st.lists(st.integers(0, 2**63 - 1), max_size=6))
def test_whatever_the_counters_say_can_be_stored(done: int, total: int, written: list[int]) -> None:
    described = TRANSFERRING | {"bytesWritten": done, "estimatedBytesToTransfer": total}
    status = status_from(described, STARTED, NOW, samples(*written))
    assert parse(DataMoverRunStatus, dump(status)) == status


def test_the_movers_events_tell_the_story() -> None:
    made = parse(DataMoverRun, run())
    assert mover_notes(made, DataMoverRunStatus(), STARTED) == (
        Note("RunStarted", "'sample', by a user's DataMoverRun"),
    )
    assert mover_notes(made, STARTED, STARTED) == ()
    assert mover_notes(made, STARTED, ENDED) == (Note("RunFailed", "'sample': no access", warning=True),)


def test_no_event_says_its_reason_again() -> None:
    bare = STARTED.model_copy(update={"message": None})
    for note in (*notes_of(DataMoverRunStatus(), bare), *notes_of(DataMoverRunStatus(), ENDED)):
        assert note.message != note.reason
