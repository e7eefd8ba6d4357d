"""Runs that the operator starts at an interval, and schedules that do not do what they say."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_crds.contract import ORIGIN_LABEL
from datamover_operator.movers.kind import MOVER
from datamover_operator.runs.kind import RUN
from tests.unit.runs.stage import NAMESPACE, Stage


def starts(stage: Stage) -> list[float]:
    """The seconds between the starts of all executions."""
    created = [each.created for each in stage.sky.started.values()]
    return [(later - earlier).total_seconds() for earlier, later in pairwise(created)]


def is_alone(stage: Stage) -> bool:
    begun = sorted(stage.sky._times(each)[:2] for each in stage.sky.started.values())
    return all(end <= begin for (_, end), (begin, _) in pairwise(begun))


def test_an_interval_starts_runs_one_after_the_other(stage: Stage) -> None:
    stage.add_mover(trigger={"interval": "90s"})
    stage.go(600)
    assert len(starts(stage)) >= 5
    assert all(89 <= each <= 100 for each in starts(stage)), starts(stage)
    assert {stage.run(name).metadata.labels[ORIGIN_LABEL] for name in stage.runs} == {"interval"}


def test_a_run_that_takes_longer_than_the_interval_is_never_overtaken(stage: Stage) -> None:
    stage.add_mover(trigger={"interval": "10s"})
    stage.go(400)
    assert len(stage.sky.started) >= 4
    assert is_alone(stage)
    assert {run.status.phase for run in map(stage.run, stage.runs)} <= {"Succeeded", "Transferring", "Launching"}


def test_two_operators_start_no_run_twice(stage: Stage) -> None:
    stage.operator()
    stage.add_mover(trigger={"interval": "90s"})
    stage.go(400)
    assert all(each >= 89 for each in starts(stage)), starts(stage)
    assert is_alone(stage)


def test_a_restart_goes_on_counting_from_the_last_run(stage: Stage) -> None:
    stage.add_mover(trigger={"interval": "5m"}, runHistory={"limit": 0})
    stage.go(100)
    assert len(stage.sky.started) == 1
    stage.restart()
    stage.go(100)
    assert len(stage.sky.started) == 1
    stage.go(150)
    assert len(stage.sky.started) == 2


def test_a_run_of_somebody_else_counts_too(stage: Stage) -> None:
    stage.add_mover(trigger={"interval": "5m"})
    stage.go(180)
    stage.sky.start(str(stage.mover().status.task_arn))
    stage.go(260)
    assert len(stage.sky.started) == 2
    stage.go(120)
    assert len(stage.sky.started) == 3


@pytest.mark.parametrize("change", [{"suspend": True}, {"trigger": None}])
def test_without_an_interval_or_suspended_nothing_starts(stage: Stage, change: dict[str, Any]) -> None:
    stage.add_mover(trigger={"interval": "90s"})
    stage.change(MOVER, "m", **change)
    stage.go(600)
    assert len(stage.sky.started) <= 1
    writes = len(stage.kube.writes)
    stage.go(1000)
    assert len(stage.kube.writes) == writes


DAILY: dict[str, Any] = {"schedule": {"scheduleExpression": "cron(30 12 * * ? *)"}}


def conditions(stage: Stage) -> dict[str, str]:
    return {each.type: each.reason for each in stage.mover().status.conditions if each.status == "True"}


def test_a_scheduled_start_that_comes_is_no_news(stage: Stage) -> None:
    stage.add_mover(**DAILY)
    assert stage.mover().status.next_scheduled_time == "2025-01-15T12:30:00Z"
    stage.go(30 * 60 - 20)
    stage.sky.start(str(stage.mover().status.task_arn))
    stage.go(600)
    status = stage.mover().status
    assert (status.last_missed_time, status.next_scheduled_time) == (None, "2025-01-16T12:30:00Z")
    assert conditions(stage).keys() == {"Ready"}
    assert [stage.run(name).metadata.labels[ORIGIN_LABEL] for name in stage.runs] == ["schedule"]


@pytest.mark.untraced
def test_a_scheduled_start_that_does_not_come_is_told(stage: Stage) -> None:
    stage.add_mover(**DAILY)
    stage.go(30 * 60 + 120)
    assert conditions(stage).keys() == {"Ready"}
    stage.go(300)
    status = stage.mover().status
    assert (status.last_missed_time, status.next_scheduled_time) == ("2025-01-15T12:30:00Z", "2025-01-16T12:30:00Z")
    assert conditions(stage) == {"Ready": "Ready", "ScheduleFailing": "Missed"}
    assert [reason for reason, _ in stage.told.events].count("ScheduleMissed") == 1
    writes = len(stage.kube.writes)
    stage.restart()
    stage.go(3600)
    assert len(stage.kube.writes) == writes
    stage.go(22 * 3600 + 24 * 60)
    stage.sky.start(str(stage.mover().status.task_arn))
    stage.go(600)
    assert conditions(stage).keys() == {"Ready"}


def test_a_start_that_was_missed_while_no_operator_worked_is_told_later(stage: Stage) -> None:
    stage.add_mover(**DAILY)
    stage.processes.clear()
    stage.sky.now += timedelta(hours=3)
    stage.tick += 3 * 3600
    stage.restart()
    stage.go(60)
    assert stage.mover().status.last_missed_time == "2025-01-15T12:30:00Z"


def test_a_start_that_came_while_no_operator_worked_was_not_missed(stage: Stage) -> None:
    stage.add_mover(**DAILY)
    stage.processes.clear()
    stage.sky.now += timedelta(minutes=30)
    stage.sky.start(str(stage.mover().status.task_arn))
    stage.sky.now += timedelta(minutes=150)
    stage.tick += 3 * 3600
    stage.restart()
    stage.go(60)
    assert stage.mover().status.last_missed_time is None


def test_a_scheduled_run_that_failed_is_told_until_the_next_one_succeeds(stage: Stage) -> None:
    stage.add_mover(**DAILY)
    stage.go(30 * 60 - 20)
    stage.sky.outcomes = ["ERROR"]
    stage.sky.start(str(stage.mover().status.task_arn))
    stage.go(600)
    assert conditions(stage)["ScheduleFailing"] == "RunFailed"
    assert stage.kube.objects[MOVER.named(NAMESPACE, "m")]
    stage.add_run("by-hand")
    stage.go(100)
    (failed,) = (name for name in stage.runs if name != "by-hand")
    assert metadata_of(stage.kube.objects[RUN.named(NAMESPACE, failed)])["name"] == failed


def test_a_schedule_in_a_time_zone_is_told_in_utc_and_follows_the_clocks(stage: Stage) -> None:
    zone: dict[str, Any] = {"schedule": {"scheduleExpression": "cron(0 3 * * ? *)", "timeZone": "Europe/Berlin"}}
    stage.add_mover(**zone)
    (task,) = (item for item in stage.sky.items.values() if "schedule" in item.described)
    assert task.described["schedule"] == {"scheduleExpression": "cron(0 2 * * ? *)", "status": "ENABLED"}
    assert stage.mover().status.next_scheduled_time == "2025-01-16T02:00:00Z"


def test_an_unknown_time_zone_is_the_users_to_mend(stage: Stage) -> None:
    stage.create(
        MOVER,
        "m",
        {
            "accountRef": {"name": "dev"},
            "source": {"s3": {"s3BucketArn": "arn:aws:s3:::from"}},
            "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::to"}},
            "schedule": {"scheduleExpression": "cron(0 3 * * ? *)", "timeZone": "Mars/Olympus"},
        },
    )
    stage.go(5)
    stalled = next(each for each in stage.mover().status.conditions if each.type == "Stalled")
    assert stalled.status == "True"
    assert "spec.schedule.timeZone: 'Mars/Olympus'" in stalled.message
    assert "Europe/Berlin" in stalled.message
