"""The flywheel, told from a mover."""

from __future__ import annotations

from datamover_api.legacy.flywheel import flywheel_task
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
    assert flywheel_task(mover(status={"conditions": WORKING, "intent": intent})) == {
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
        "failure": message,
        "events": [f"2026-01-31T12:00:00.000Z starting task {UID}"],
    }


def test_no_event_comes_before_the_one_that_it_follows() -> None:
    """An adopted task is older than the mover that adopts it, and AWS's clock is another than Kubernetes'."""
    task = flywheel_task(mover(status=ready(creationTime="2021-12-01T21:18:40.546Z")))
    stamps = [str(event).partition(" ")[0] for event in task["events"]]  # type: ignore[union-attr]
    assert stamps == sorted(stamps)
    assert stamps[0] == CREATED.replace("Z", ".000Z")
    assert task["completed_at"] == stamps[-1]
