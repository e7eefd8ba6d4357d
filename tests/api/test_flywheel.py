"""The flywheel, told from a mover."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from datamover_api.legacy.flywheel import FailedCreations, flywheel_task, ill_formed_task
from tests.api.samples import CREATED, DESTINATION, SOURCE, TASK, UID, condition, mover, ready

WORKING = [condition("Ready", "False"), condition("Reconciling"), condition("Stalled", "False")]


def test_a_mover_that_nobody_has_seen_yet_is_created() -> None:
    assert flywheel_task(mover()) == {
        "id": UID,
        "status": "created",
        "created_at": "2026-01-31T12:00:00.000Z",
        "events": [f"2026-01-31T12:00:00.000Z starting task {UID}"],
    }


def test_a_mover_that_is_worked_on_is_running() -> None:
    calls = ["CreateRole source", "CreateLocation source", "CreateLocation destination", "CreateTask"]
    intent = {"instance": "i", "nonce": "n", "generation": 1, "calls": calls}
    assert flywheel_task(mover(status={"conditions": WORKING, "bookkeeping": {"intent": intent}})) == {
        "id": UID,
        "status": "running",
        "created_at": "2026-01-31T12:00:00.000Z",
        "checkin_at": "2026-01-31T12:00:03.000Z",
        "events": [
            f"2026-01-31T12:00:00.000Z starting task {UID}",
            "2026-01-31T12:00:03.000Z requested creation of source location",
            "2026-01-31T12:00:03.000Z requested creation of destination location",
            "2026-01-31T12:00:03.000Z requested creation of datasync task nightly",
        ],
    }


def test_a_mover_whose_task_is_there_is_running_until_it_has_been_described() -> None:
    arns = {"taskArn": TASK, "sourceLocationArn": SOURCE, "destinationLocationArn": DESTINATION}
    task = flywheel_task(mover(status={"conditions": WORKING, **arns}))
    assert task["status"] == "running"
    assert task["events"][-1] == (  # type: ignore[index]
        "2026-01-31T12:00:03.000Z created data mover 'nightly': task-0ee229c003ef4f0b8"
    )


def test_a_mover_that_works_is_completed_with_aws_own_times() -> None:
    assert flywheel_task(mover(status=ready())) == {
        "id": UID,
        "status": "completed",
        "created_at": "2026-01-31T12:00:00.000Z",
        "checkin_at": "2026-01-31T12:00:02.500Z",
        "completed_at": "2026-01-31T12:00:02.500Z",
        "events": [
            f"2026-01-31T12:00:00.000Z starting task {UID}",
            "2026-01-31T12:00:01.000Z requested creation of source location",
            "2026-01-31T12:00:01.000Z requested creation of destination location",
            "2026-01-31T12:00:02.500Z requested creation of datasync task nightly",
            "2026-01-31T12:00:02.500Z created data mover 'nightly': task-0ee229c003ef4f0b8",
            f"2026-01-31T12:00:02.500Z complete task {UID}",
        ],
    }


def test_what_befalls_a_mover_later_does_not_undo_its_creation() -> None:
    broken = ready() | {"conditions": [condition("Stalled", message="spec.source: changed for the worse")]}
    assert flywheel_task(mover(status=broken)) == flywheel_task(mover(status=ready()))


def test_a_mover_that_can_t_be_made_has_failed_with_the_field_to_change() -> None:
    message = "spec.destination.efs.efsFilesystemArn: 'arn:x': must be the ARN of an EFS file system"
    conditions = [condition("Ready", "False"), condition("Stalled", message=message)]
    assert flywheel_task(mover(status={"conditions": conditions})) == {
        "id": UID,
        "status": "failed",
        "created_at": "2026-01-31T12:00:00.000Z",
        "checkin_at": "2026-01-31T12:00:03.000Z",
        "failed_at": "2026-01-31T12:00:03.000Z",
        "failure": f"failed to create destination location: {message}",
        "events": [
            f"2026-01-31T12:00:00.000Z starting task {UID}",
            "2026-01-31T12:00:00.000Z requested creation of source location",
            "2026-01-31T12:00:00.000Z requested creation of destination location",
        ],
    }


@pytest.mark.parametrize(
    ("message", "status", "failed", "last"),
    [
        ("spec.source: CreateLocationS3: X: y", {}, "source location", "source location"),
        ("spec.source.s3.accessRole: CreateRole: X: y", {}, "source location", "source location"),
        ("spec.destination.s3: CreateLocationS3: X: y", {}, "destination location", "destination location"),
        ("spec.accountRef: AssumeRole: AccessDenied: y", {}, "source location", "source location"),
        ("spec.source: CreateLocationS3: X: y", {"destinationLocationArn": DESTINATION}, *["source location"] * 2),
        (
            "spec: CreateTask: X: y",
            {"sourceLocationArn": SOURCE, "destinationLocationArn": DESTINATION},
            "datasync task",
            "datasync task nightly",
        ),
    ],
)
def test_the_step_that_failed_is_told_in_the_old_words_after_its_own_event(
    message: str, status: dict[str, str], failed: str, last: str
) -> None:
    task = flywheel_task(mover(status={"conditions": [condition("Stalled", message=message)], **status}))
    assert task["failure"] == f"failed to create {failed}: {message}"
    assert str(task["events"][-1]).endswith(f"requested creation of {last}")  # type: ignore[index]


def test_a_request_that_came_to_nothing_has_a_task_too() -> None:
    now = datetime(2026, 1, 31, 12, tzinfo=UTC)
    assert ill_formed_task("id-1", "nightly", "destination", "Destination.Type: 'NFS': must be S3 or EFS", now) == {
        "id": "id-1",
        "status": "failed",
        "created_at": "2026-01-31T12:00:00.000Z",
        "checkin_at": "2026-01-31T12:00:00.000Z",
        "failed_at": "2026-01-31T12:00:00.000Z",
        "failure": "failed to create destination location: Destination.Type: 'NFS': must be S3 or EFS",
        "events": [
            "2026-01-31T12:00:00.000Z starting task id-1",
            "2026-01-31T12:00:00.000Z requested creation of source location",
            "2026-01-31T12:00:00.000Z requested creation of destination location",
        ],
    }


def test_only_the_last_failures_are_remembered() -> None:
    failed = FailedCreations()
    for number in range(1001):
        failed.add({"id": str(number)})
    assert (failed.get("0"), failed.get("1"), failed.get("1000")) == (None, {"id": "1"}, {"id": "1000"})


def test_no_event_comes_before_the_one_that_it_follows() -> None:
    """An adopted task is older than the mover that adopts it, and AWS's clock is another than Kubernetes'."""
    task = flywheel_task(mover(status=ready(creationTime="2021-12-01T21:18:40.546Z")))
    stamps = [str(event).partition(" ")[0] for event in task["events"]]  # type: ignore[union-attr]
    assert stamps == sorted(stamps)
    assert stamps[0] == CREATED.replace("Z", ".000Z")
    assert task["completed_at"] == stamps[-1]
