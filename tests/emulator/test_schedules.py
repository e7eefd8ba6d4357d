"""Schedules start executions when they are due, by the emulator's own clock."""

from __future__ import annotations

import pytest

from tests.support.account import Account
from tests.support.waiting import eventually

HOUR = 3600


@pytest.fixture
def account(strict_account: Account) -> Account:
    """An account whose emulator's clock may be moved, and whose roles are old enough."""
    assert strict_account.any_role
    strict_account.efs_folder()
    strict_account.emulator.advance_clock(HOUR + 1)
    return strict_account


def runs(account: Account, task: str) -> int:
    return len(account.datasync.list_task_executions(TaskArn=task)["TaskExecutions"])


def test_a_rate_starts_a_run_each_time_it_is_due(account: Account) -> None:
    task = account.efs_task(Schedule={"ScheduleExpression": "rate(2 hours)"})
    account.emulator.advance_clock(2 * HOUR)
    eventually(lambda: runs(account, task) == 1)
    account.emulator.advance_clock(2 * HOUR)
    eventually(lambda: runs(account, task) == 2)


def test_a_cron_expression_starts_a_run(account: Account) -> None:
    task = account.efs_task(Schedule={"ScheduleExpression": "cron(0 0 * * ? *)"})
    account.emulator.advance_clock(24 * HOUR)
    eventually(lambda: runs(account, task) == 1)


def test_a_disabled_schedule_starts_nothing(account: Account) -> None:
    disabled = account.efs_task(Schedule={"ScheduleExpression": "rate(2 hours)", "Status": "DISABLED"})
    witness = account.efs_task(Schedule={"ScheduleExpression": "rate(2 hours)"})
    account.emulator.advance_clock(2 * HOUR)
    eventually(lambda: runs(account, witness) == 1)
    assert runs(account, disabled) == 0
    described = account.datasync.describe_task(TaskArn=disabled)
    assert described["Schedule"]["Status"] == "DISABLED"
    assert described["ScheduleDetails"]["DisabledBy"] == "USER"


def test_a_schedule_that_can_not_start_is_disabled_by_the_service(account: Account) -> None:
    source = account.s3_location(account.bucket("data"))
    task = account.task(source, account.efs_location(), Schedule={"ScheduleExpression": "rate(2 hours)"})
    account.iam.delete_role_policy(RoleName="datasync", PolicyName="access")

    def describe() -> dict[str, object]:
        return dict(account.datasync.describe_task(TaskArn=task)["ScheduleDetails"])

    def is_disabled() -> bool:
        account.emulator.advance_clock(2 * HOUR)
        return "DisabledBy" in describe()

    eventually(is_disabled, interval=0.6)
    assert describe()["DisabledBy"] == "SERVICE"
    assert "s3:ListBucket" in str(describe()["DisabledReason"])
    assert account.datasync.describe_task(TaskArn=task)["Schedule"]["Status"] == "DISABLED"
    account.datasync.update_task(TaskArn=task, Schedule={"ScheduleExpression": "rate(2 hours)", "Status": "ENABLED"})
    assert "DisabledBy" not in describe()
