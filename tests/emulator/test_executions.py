"""Executions: states, counters, the queue, cancelling, live bandwidth; the bytes really move."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.emulator.conftest import new_account_number
from tests.support.account import Account
from tests.support.emulator import Emulator, Fault, start_emulator
from tests.support.waiting import eventually

SOURCE, DESTINATION = "fs-0aaaaaaaaaaaaaaaa", "fs-0bbbbbbbbbbbbbbbb"


@pytest.fixture
def task(account: Account) -> str:
    """A task between two file systems, with two small files to move."""
    task = account.efs_task()
    folder = account.efs_folder(SOURCE)
    (folder / "a.txt").write_bytes(b"hello")
    (folder / "b.txt").write_bytes(b"world!")
    return task


@pytest.fixture
def held(account: Account) -> Iterator[Fault]:
    """The account's next execution stops as it begins to transfer."""
    with account.emulator.fault(state="TRANSFERRING", hold="before", account=account.number) as fault:
        yield fault


def status(account: Account, execution: str) -> str:
    return str(account.execution(execution)["Status"])


def task_status(account: Account, task: str) -> str:
    return account.datasync.describe_task(TaskArn=task)["Status"]


def test_a_run_moves_the_bytes_and_counts_them(account: Account, task: str) -> None:
    described = account.ended(account.start(task))
    assert described["Status"] == "SUCCESS"
    assert (account.efs_folder(DESTINATION) / "a.txt").read_bytes() == b"hello"
    assert (account.efs_folder(DESTINATION) / "b.txt").read_bytes() == b"world!"
    assert described["EstimatedFilesToTransfer"] == described["FilesTransferred"] == 2
    assert described["EstimatedBytesToTransfer"] == described["BytesTransferred"] == 11
    result = described["Result"]
    assert {result[f"{phase}Status"] for phase in ("Prepare", "Transfer", "Verify")} == {"SUCCESS"}
    assert "ErrorCode" not in result
    assert described["StartTime"] <= described["LaunchTime"] <= described["EndTime"]


def test_a_run_from_a_bucket_to_a_file_system(account: Account) -> None:
    bucket = account.bucket("data", **{"in/a.txt": b"hello", "in/sub/b.txt": b"world", "other/c.txt": b"no"})
    task = account.task(account.s3_location(bucket, Subdirectory="/in"), account.efs_location(DESTINATION))
    described = account.ended(account.start(task))
    assert described["Status"] == "SUCCESS"
    folder = account.efs_folder(DESTINATION)
    assert {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.txt")} == {
        "a.txt": b"hello",
        "sub/b.txt": b"world",
    }


def test_a_run_between_buckets_in_enhanced_mode(account: Account) -> None:
    source, destination = account.bucket("in", a=b"1", b=b"22"), account.bucket("out")
    task = account.task(account.s3_location(source), account.s3_location(destination), TaskMode="ENHANCED")
    described = account.ended(account.start(task))
    assert described["Status"] == "SUCCESS"
    assert account.s3.get_object(Bucket=destination, Key="b")["Body"].read() == b"22"
    assert described["FilesListed"]["AtSource"] == 2
    assert described["FoldersTransferred"] == 0
    assert [described["Result"][f"{phase}Duration"] for phase in ("Prepare", "Transfer", "Verify")] == [0, 0, 0]


def test_overrides_and_filters_hold_for_one_run(account: Account, task: str) -> None:
    rule = [{"FilterType": "SIMPLE_PATTERN", "Value": "/a*"}]
    first = account.ended(account.start(task, Includes=rule, OverrideOptions={"LogLevel": "BASIC"}))
    assert first["FilesTransferred"] == 1
    assert first["Includes"] == rule
    assert first["Options"]["LogLevel"] == "BASIC"
    second = account.ended(account.start(task))
    assert second["FilesTransferred"] == 1
    assert second["Includes"] == []
    assert second["Options"]["LogLevel"] == "OFF"


def test_a_task_runs_while_its_execution_does(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    described = account.execution(execution)
    assert described["Status"] == "TRANSFERRING"
    assert described["Result"]["PrepareStatus"] == "SUCCESS"
    assert described["Result"]["TransferStatus"] == "PENDING"
    assert described["EstimatedFilesToTransfer"] == 2
    assert "EndTime" not in described
    assert task_status(account, task) == "RUNNING"
    assert account.datasync.describe_task(TaskArn=task)["CurrentTaskExecutionArn"] == execution
    held.release()
    assert account.ended(execution)["Status"] == "SUCCESS"
    assert task_status(account, task) == "AVAILABLE"
    assert account.datasync.describe_task(TaskArn=task)["CurrentTaskExecutionArn"] == execution


def test_a_running_task_is_neither_updated_nor_deleted(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    for call in (account.datasync.update_task, account.datasync.delete_task):
        with pytest.raises(
            account.datasync.exceptions.InvalidRequestException, match="while an execution is in progress"
        ):
            call(TaskArn=task)
    held.release()
    account.ended(execution)
    account.datasync.delete_task(TaskArn=task)
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="not found"):
        account.execution(execution)


def test_a_second_start_is_refused_without_queueing(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="TaskQueueing is DISABLED"):
        account.start(task, OverrideOptions={"TaskQueueing": "DISABLED"})
    held.release()
    account.ended(execution)
    assert len(account.datasync.list_task_executions(TaskArn=task)["TaskExecutions"]) == 1


def test_queued_executions_run_in_turn(account: Account, task: str, held: Fault) -> None:
    first = account.start(task)
    held.wait_held()
    second, third = account.start(task), account.start(task)
    assert [status(account, each) for each in (second, third)] == ["QUEUED", "QUEUED"]
    assert "LaunchTime" not in account.execution(second)
    assert account.datasync.describe_task(TaskArn=task)["CurrentTaskExecutionArn"] == first
    held.release()
    ended = [account.ended(each) for each in (first, second, third)]
    assert [each["Status"] for each in ended] == ["SUCCESS"] * 3
    assert ended[0]["EndTime"] <= ended[1]["LaunchTime"] <= ended[1]["EndTime"] <= ended[2]["LaunchTime"]
    assert account.datasync.describe_task(TaskArn=task)["CurrentTaskExecutionArn"] == third


def test_a_queued_execution_is_launched_when_the_one_before_has_ended(account: Account, task: str, held: Fault) -> None:
    first, second = account.start(task), account.start(task)
    held.wait_held()
    assert "LaunchTime" not in account.execution(second)
    assert "EndTime" not in account.execution(second)
    held.release()
    before, after = account.ended(first), account.ended(second)
    assert before["StartTime"] <= after["StartTime"] < before["EndTime"] <= after["LaunchTime"] <= after["EndTime"]
    took = (after["EndTime"] - after["LaunchTime"]) / timedelta(milliseconds=1)
    assert after["Result"]["TotalDuration"] == round(took)


def test_an_include_filter_may_name_a_star(account: Account) -> None:
    source, destination = account.efs_location(SOURCE), account.efs_location(DESTINATION)
    for name in ("week*1", "week21", "week*12"):
        (account.efs_folder(SOURCE) / name).write_bytes(b"x")
    includes = [{"FilterType": "SIMPLE_PATTERN", "Value": r"/week\*1"}]
    task = account.task(source, destination, Includes=includes)
    assert account.ended(account.start(task))["Status"] == "SUCCESS"
    assert [path.name for path in account.efs_folder(DESTINATION).iterdir()] == ["week*1"]
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="may only be the last character"):
        account.start(task, Includes=[{"FilterType": "SIMPLE_PATTERN", "Value": r"/week\\*1"}])


def test_enhanced_mode_has_every_counter_of_files_and_folders(account: Account) -> None:
    source = account.bucket("in", **{"folder/": b"", "folder/a": b"1", "a//b": b"2"})
    task = account.task(account.s3_location(source), account.s3_location(account.bucket("out")), TaskMode="ENHANCED")
    described = account.ended(account.start(task))
    assert described["Status"] == "ERROR"  # for a//b is no key that DataSync transfers
    assert described["FoldersFailed"] == {"List": 0, "Prepare": 0, "Transfer": 0, "Verify": 0, "Delete": 0}
    assert described["FilesFailed"] == {"Prepare": 1, "Transfer": 0, "Verify": 0, "Delete": 0}
    assert described["FoldersListed"] == described["FilesListed"] == {"AtSource": 1, "AtDestinationForDelete": 0}
    for noun in ("Files", "Folders"):
        for done in ("Prepared", "Transferred", "Verified"):
            assert described[f"{noun}{done}"] == 1
        assert described[f"{noun}Deleted"] == described[f"{noun}Skipped"] == 0


def test_the_queue_has_an_end(strict_account: Account) -> None:
    account = strict_account
    task = account.efs_task()
    account.emulator.advance_clock(3601)
    with account.emulator.fault(state="LAUNCHING", hold="before", count=None, account=account.number):
        for _ in range(3):
            account.start(task)
        with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="2 queued executions"):
            account.start(task)


def test_cancelling_ends_in_error_by_way_of_cancelling(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    with account.emulator.fault(state="CANCELLING", hold="before", account=account.number) as cancelling:
        account.datasync.cancel_task_execution(TaskExecutionArn=execution)
        cancelling.wait_held()
        assert status(account, execution) == "CANCELLING"
        assert task_status(account, task) == "RUNNING"
    described = account.ended(execution)
    assert described["Status"] == "ERROR"
    assert described["Result"]["TransferStatus"] == "ERROR"
    assert described["Result"]["VerifyStatus"] == "PENDING"
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="current status: ERROR"):
        account.datasync.cancel_task_execution(TaskExecutionArn=execution)


def test_a_queued_execution_is_cancelled_and_the_next_goes_on(account: Account, task: str, held: Fault) -> None:
    first = account.start(task)
    held.wait_held()
    second, third = account.start(task), account.start(task)
    account.datasync.cancel_task_execution(TaskExecutionArn=second)
    cancelled = account.ended(second)
    assert cancelled["Status"] == "ERROR"
    assert "LaunchTime" not in cancelled
    held.release()
    assert account.ended(first)["Status"] == account.ended(third)["Status"] == "SUCCESS"


def test_a_task_may_be_deleted_while_its_execution_is_cancelled(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    with account.emulator.fault(state="CANCELLING", hold="before", account=account.number) as cancelling:
        account.datasync.cancel_task_execution(TaskExecutionArn=execution)
        cancelling.wait_held()
        account.datasync.delete_task(TaskArn=task)
    assert account.datasync.list_tasks()["Tasks"] == []


def test_what_has_ended_can_not_be_cancelled(account: Account, task: str) -> None:
    execution = account.start(task)
    account.ended(execution)
    message = "Sync task cannot be cancelled in its current status: SUCCESS"
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match=message):
        account.datasync.cancel_task_execution(TaskExecutionArn=execution)


def test_the_bandwidth_of_a_running_execution_can_be_changed(account: Account, task: str) -> None:
    (account.efs_folder(SOURCE) / "large").write_bytes(bytes(3_000_000))
    execution = account.start(task, OverrideOptions={"BytesPerSecond": 1})
    eventually(lambda: status(account, execution) == "TRANSFERRING")
    account.datasync.update_task_execution(TaskExecutionArn=execution, Options={"BytesPerSecond": -1})
    described = account.ended(execution)
    assert described["Status"] == "SUCCESS"
    assert described["Options"]["BytesPerSecond"] == -1


def test_nothing_else_of_an_execution_can_be_changed(account: Account, task: str, held: Fault) -> None:
    execution = account.start(task)
    held.wait_held()
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="Only BytesPerSecond"):
        account.datasync.update_task_execution(TaskExecutionArn=execution, Options={"LogLevel": "BASIC"})
    held.release()
    account.ended(execution)
    with pytest.raises(account.datasync.exceptions.InvalidRequestException, match="current status: SUCCESS"):
        account.datasync.update_task_execution(TaskExecutionArn=execution, Options={"BytesPerSecond": 5})


def test_an_execution_fails_as_a_test_wants(account: Account, task: str) -> None:
    error = {"code": "Unknown", "message": "Task failed to access location loc-1: x40016: mount.nfs: timed out"}
    with account.emulator.fault(state="PREPARING", error=error, account=account.number):
        described = account.ended(account.start(task))
    assert described["Status"] == "ERROR"
    assert described["Result"]["PrepareStatus"] == "ERROR"
    assert described["Result"]["ErrorCode"] == "Unknown"
    assert described["Result"]["ErrorDetail"] == error["message"]


def test_a_file_system_that_is_gone_fails_the_run(account: Account, task: str) -> None:
    folder = account.efs_folder(SOURCE)
    for path in folder.iterdir():
        path.unlink()
    with account.emulator.fault(state="LAUNCHING", hold="before", account=account.number) as held:
        execution = account.start(task)
        held.wait_held()
        folder.rmdir()
    described = account.ended(execution)
    assert described["Status"] == "ERROR"
    assert "Task failed to access location loc-" in described["Result"]["ErrorDetail"]


def test_executions_are_listed_by_task_and_page(account: Account, task: str) -> None:
    made = [account.start(task) for _ in range(3)]
    account.ended(made[-1])
    pages = account.datasync.get_paginator("list_task_executions").paginate(
        TaskArn=task, PaginationConfig={"PageSize": 2}
    )
    entries = [entry for page in pages for entry in page["TaskExecutions"]]
    assert [entry["TaskExecutionArn"] for entry in entries] == made
    assert entries[0] == {"TaskExecutionArn": made[0], "Status": "SUCCESS", "TaskMode": "BASIC"}
    everything = account.datasync.list_task_executions()["TaskExecutions"]
    assert [entry["TaskExecutionArn"] for entry in everything] == made


def test_an_execution_belongs_to_its_account(account: Account, task: str, emulator: Emulator) -> None:
    execution = account.start(task)
    account.ended(execution)
    other = Account(emulator, new_account_number())
    with pytest.raises(other.datasync.exceptions.InvalidRequestException, match="must match authenticated user"):
        other.execution(execution)


def test_each_state_lasts_as_long_as_was_set(tmp_path: Path) -> None:
    with start_emulator(tmp_path, "--state-delay", "0.2") as emulator:
        account = Account(emulator, new_account_number())
        described = account.ended(account.start(account.efs_task()))
        assert described["Status"] == "SUCCESS"
        states = 4  # LAUNCHING, PREPARING, TRANSFERRING, VERIFYING
        assert described["EndTime"] - described["LaunchTime"] >= timedelta(seconds=0.2 * states)
