"""Tasks: creating, describing with defaults, updating, deleting, listing, the quota."""

from __future__ import annotations

import re
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.emulator.conftest import new_account_number
from tests.support.account import Account
from tests.support.emulator import Emulator

POSIX_DEFAULTS = {
    "VerifyMode": "POINT_IN_TIME_CONSISTENT",
    "OverwriteMode": "ALWAYS",
    "Atime": "BEST_EFFORT",
    "Mtime": "PRESERVE",
    "Uid": "INT_VALUE",
    "Gid": "INT_VALUE",
    "PreserveDeletedFiles": "PRESERVE",
    "PreserveDevices": "NONE",
    "PosixPermissions": "PRESERVE",
    "BytesPerSecond": -1,
    "TaskQueueing": "ENABLED",
    "LogLevel": "OFF",
    "TransferMode": "CHANGED",
    "SecurityDescriptorCopyFlags": "NONE",
    "ObjectTags": "PRESERVE",
}


def describe(account: Account, task: str) -> dict[str, Any]:
    return dict(account.datasync.describe_task(TaskArn=task))


def test_a_task_shows_what_was_given_and_datasyncs_defaults(account: Account) -> None:
    source, destination = account.efs_location("fs-0aaaaaaaaaaaaaaaa"), account.efs_location("fs-0bbbbbbbbbbbbbbbb")
    excludes = [{"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp|/cache"}]
    task = account.task(source, destination, Name="nightly", Excludes=excludes, Options={"LogLevel": "BASIC"})
    described = describe(account, task)
    assert re.fullmatch(rf"arn:aws:datasync:eu-central-1:{account.number}:task/task-[0-9a-f]{{17}}", task)
    assert described["Status"] == "AVAILABLE"
    assert described["Name"] == "nightly"
    assert described["TaskMode"] == "BASIC"
    assert (described["SourceLocationArn"], described["DestinationLocationArn"]) == (source, destination)
    assert described["Options"] == POSIX_DEFAULTS | {"LogLevel": "BASIC"}
    assert described["Excludes"] == excludes
    assert described["Includes"] == []
    assert "CurrentTaskExecutionArn" not in described
    assert "Schedule" not in described


def test_between_buckets_no_owner_is_kept_and_enhanced_mode_verifies_what_it_moved(account: Account) -> None:
    source, destination = account.s3_location(account.bucket("in")), account.s3_location(account.bucket("out"))
    basic = describe(account, account.task(source, destination))["Options"]
    assert {basic[name] for name in ("Uid", "Gid", "PosixPermissions")} == {"NONE"}
    assert basic["VerifyMode"] == "POINT_IN_TIME_CONSISTENT"
    enhanced = describe(account, account.task(source, destination, TaskMode="ENHANCED"))
    assert enhanced["TaskMode"] == "ENHANCED"
    assert enhanced["Options"]["VerifyMode"] == "ONLY_FILES_TRANSFERRED"


def test_a_new_task_is_being_created_for_a_while(strict_account: Account) -> None:
    account = strict_account
    task = account.efs_task()
    assert describe(account, task)["Status"] == "CREATING"
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="CREATING"):
        account.start(task)
    account.emulator.advance_clock(3601)
    assert describe(account, task)["Status"] == "AVAILABLE"


def test_an_update_changes_what_is_given_and_keeps_the_rest(account: Account) -> None:
    includes = [{"FilterType": "SIMPLE_PATTERN", "Value": "/a*"}]
    schedule = {"ScheduleExpression": "rate(1 day)"}
    task = account.efs_task(Name="old", Includes=includes, Schedule=schedule, Options={"LogLevel": "BASIC"})
    account.datasync.update_task(TaskArn=task, Name="new")
    described = describe(account, task)
    assert described["Name"] == "new"
    assert described["Includes"] == includes
    assert described["Schedule"] == schedule | {"Status": "ENABLED"}
    assert described["Options"]["LogLevel"] == "BASIC"


def test_updated_options_replace_all_options(account: Account) -> None:
    task = account.efs_task(Options={"LogLevel": "BASIC", "OverwriteMode": "NEVER"})
    account.datasync.update_task(TaskArn=task, Options={"OverwriteMode": "NEVER"})
    assert describe(account, task)["Options"] == POSIX_DEFAULTS | {"OverwriteMode": "NEVER"}


def test_empty_values_clear_filters_and_schedule(account: Account) -> None:
    rule = [{"FilterType": "SIMPLE_PATTERN", "Value": "/a"}]
    task = account.efs_task(Includes=rule, Excludes=rule, Schedule={"ScheduleExpression": "rate(1 day)"})
    account.datasync.update_task(TaskArn=task, Includes=[], Excludes=[], Schedule={"ScheduleExpression": ""})
    described = describe(account, task)
    assert described["Includes"] == described["Excludes"] == []
    assert "Schedule" not in described


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"Options": {"TransferMode": "ALL", "PreserveDeletedFiles": "REMOVE"}},
            "Invalid SyncOption value. Option: TransferMode,PreserveDeletedFiles, Value: ALL,REMOVE.",
        ),
        ({"Options": {"Atime": "NONE"}}, "Option: Atime,Mtime, Value: NONE,PRESERVE."),
        ({"TaskMode": "ENHANCED"}, "TaskMode ENHANCED does not support this location of type EFS"),
        ({"Options": {"PreserveDevices": "PRESERVE"}}, "Option: PreserveDevices, Value: PRESERVE invalid"),
        ({"Options": {"Uid": "NAME"}}, "Option: Uid, Value: NAME"),
        ({"Includes": [{"FilterType": "SIMPLE_PATTERN", "Value": "/a|*.txt"}]}, "Includes: '/a|*.txt' is not valid"),
        ({"Includes": [{"Value": "/a"}]}, "the rule needs FilterType"),
        ({"Schedule": {"ScheduleExpression": "rate(5 minutes)"}}, "at least 1 hour apart"),
        ({"Schedule": {"ScheduleExpression": "every day"}}, "Invalid schedule expression 'every day'"),
        ({"Tags": [{"Key": "aws:x", "Value": "1"}]}, "Tag key 'aws:x' is not allowed"),
    ],
)
def test_tasks_that_datasync_refuses(account: Account, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=re.escape(message)):
        account.efs_task(**parameters)
    assert account.datasync.list_tasks()["Tasks"] == []


def test_owners_can_not_be_kept_between_buckets(account: Account) -> None:
    source, destination = account.s3_location(account.bucket("in")), account.s3_location(account.bucket("out"))
    message = "Invalid SyncOption value. Option: Uid, Value: INT_VALUE invalid for non-POSIX transfer. please use NONE."
    with pytest.raises(ClientError, match=re.escape(message)):
        account.task(source, destination, Options={"Uid": "INT_VALUE"})


def test_a_deleted_task_is_not_found(account: Account) -> None:
    task = account.efs_task()
    account.datasync.delete_task(TaskArn=task)
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=r"Task task-.* is not found"):
        describe(account, task)


def test_a_task_needs_locations_of_its_own_account_and_region(account: Account, emulator: Emulator) -> None:
    mine = account.efs_location()
    stranger = Account(emulator, new_account_number())
    elsewhere = Account(emulator, account.number, region="us-east-1")
    wrong_account = f"Invalid parameter: ARN account ({account.number}) must match authenticated user."
    for other, reason in (
        (stranger, wrong_account),
        (elsewhere, "One of the two locations must be in Region us-east-1"),
    ):
        with pytest.raises(other.datasync.exceptions.InvalidRequestException, match=re.escape(reason)):
            other.task(mine, mine)


def test_a_location_that_is_none_of_datasyncs_is_told_as_another_accounts(account: Account) -> None:
    location = account.efs_location()
    reason = re.escape("Invalid parameter: ARN account () must match authenticated user.")
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=reason):
        account.task(location, "arn:aws:s3:::some-bucket")


def test_tasks_are_listed_by_location_and_page(account: Account) -> None:
    shared = account.efs_location("fs-0aaaaaaaaaaaaaaaa")
    others = [account.efs_location(Subdirectory=f"/{number}") for number in range(3)]
    tasks = [account.task(shared, other, Name=f"to-{number}") for number, other in enumerate(others)]

    def with_location(location: str) -> list[str]:
        rule: Any = {"Name": "LocationId", "Operator": "Equals", "Values": [location]}
        return [entry["TaskArn"] for entry in account.datasync.list_tasks(Filters=[rule])["Tasks"]]

    assert with_location(shared) == tasks
    assert with_location(others[1]) == [tasks[1]]
    assert with_location(others[1].rpartition("/")[2]) == [tasks[1]]
    pages = list(account.datasync.get_paginator("list_tasks").paginate(PaginationConfig={"PageSize": 2}))
    entries = [entry for page in pages for entry in page["Tasks"]]
    assert [entry["TaskArn"] for entry in entries] == tasks
    assert entries[0] == {"TaskArn": tasks[0], "Status": "AVAILABLE", "Name": "to-0", "TaskMode": "BASIC"}


def test_the_quota_of_tasks_counts_by_account_and_region(strict_account: Account) -> None:
    account = strict_account
    first = account.efs_task()
    account.efs_task()
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="limit of 2 tasks"):
        account.efs_task()
    elsewhere = Account(account.emulator, account.number, region="us-east-1")
    for file_system in ("fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"):
        elsewhere.efs_folder(file_system)
    elsewhere.efs_task()
    account.datasync.delete_task(TaskArn=first)
    account.efs_task()


def test_an_empty_log_group_removes_it(account: Account) -> None:
    group = f"arn:aws:logs:{account.region}:{account.number}:log-group:/aws/datasync:*"
    task = account.efs_task(CloudWatchLogGroupArn=group)
    assert describe(account, task)["CloudWatchLogGroupArn"] == group
    account.datasync.update_task(TaskArn=task, CloudWatchLogGroupArn="")
    assert "CloudWatchLogGroupArn" not in describe(account, task)
    with pytest.raises(ClientError, match="cloudWatchLogGroupArn"):
        account.datasync.update_task(TaskArn=task, CloudWatchLogGroupArn="elsewhere")
