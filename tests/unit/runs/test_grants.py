"""What an account's grants mean for runs: at once, before the movers have been looked at again."""

from __future__ import annotations

import pytest

from tests.unit.runs.stage import Stage


@pytest.mark.parametrize(("location", "side"), [("s3://from/*", "destination"), ("s3://to/*", "source")])
def test_a_run_waits_as_soon_as_its_task_is_not_granted_any_more_and_starts_when_it_is(
    location: str, side: str
) -> None:
    with Stage() as stage:
        stage.add_mover()
        stage.grant(location)
        stage.add_run()
        stage.go()
        status = stage.run().status
        assert (status.phase, status.reason, stage.calls("StartTaskExecution")) == ("Pending", "NotGranted", 0)
        assert f"the task's {side} is no longer granted to namespace 'team-a'" in str(status.message)
        stage.grant("*")
        stage.go(60)
        assert stage.calls("StartTaskExecution") == 1
