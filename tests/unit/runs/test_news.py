"""What is told of a run's new status."""

from __future__ import annotations

import pytest

from datamover_crds import Condition, DataMoverRunStatus
from datamover_operator.runs.plan.news import new_refusal

STALLED = Condition(
    type="Stalled", status="True", reason="Refused", message="no", last_transition_time="2026-01-01T00:00:00Z"
)
PENDING = DataMoverRunStatus(phase="Pending", reason="MoverNotReady")
HINDERED = DataMoverRunStatus(phase="Pending", reason="Refused", conditions=(STALLED,))


def rejected(reason: str) -> DataMoverRunStatus:
    return DataMoverRunStatus(phase="Rejected", reason=reason)


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        (PENDING, rejected("AlreadyRunning"), "AlreadyRunning"),
        (DataMoverRunStatus(), rejected("Refused"), "Refused"),
        (PENDING, HINDERED, "Refused"),
        (HINDERED, HINDERED, None),
        (HINDERED, rejected("Refused"), None),
        (rejected("AlreadyRunning"), rejected("AlreadyRunning"), None),
        (PENDING, rejected("Superseded"), None),
        (PENDING, rejected("MoverDeleting"), None),
        (PENDING, rejected("MoverReplaced"), None),
        (PENDING, DataMoverRunStatus(phase="Launching"), None),
    ],
)
def test_a_refused_start_counts_once_and_only_if_somebody_still_wants_it(
    before: DataMoverRunStatus, after: DataMoverRunStatus, reason: str | None
) -> None:
    assert new_refusal(before, after) == reason
