"""Faults: errors, delays, lost replies, held calls, listings that lag."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tests.support.account import Account


def locations(account: Account) -> int:
    return len(account.datasync.list_locations()["Locations"])


def test_an_error_hits_as_often_as_was_set(account: Account) -> None:
    error = {"code": "ThrottlingException", "message": "Rate exceeded"}
    with account.emulator.fault("ListTasks", error=error, count=2, after=1, account=account.number) as fault:
        account.datasync.list_tasks()
        for _ in range(2):
            with pytest.raises(ClientError, match="Rate exceeded") as refused:
                account.datasync.list_tasks()
            assert refused.value.response["Error"]["Code"] == "ThrottlingException"
        account.datasync.list_tasks()
        assert fault.state["hits"] == 2


@pytest.mark.parametrize(
    ("service", "operation", "method", "arguments"),
    [
        ("datasync", "ListTasks", "list_tasks", {}),
        ("resourcegroupstaggingapi", "GetResources", "get_resources", {}),
        ("iam", "ListRoles", "list_roles", {}),
        ("sts", "GetCallerIdentity", "get_caller_identity", {}),
        ("s3", "ListBuckets", "list_buckets", {}),
        ("sqs", "ListQueues", "list_queues", {}),
        ("events", "ListRules", "list_rules", {}),
    ],
)
def test_every_service_words_an_error_in_its_own_way(
    account: Account, service: str, operation: str, method: str, arguments: dict[str, Any]
) -> None:
    error = {"code": "ServiceUnavailable", "message": "Come back <later>", "status": 503}
    fault = account.emulator.fault(operation, error=error, account=account.number)
    with fault, pytest.raises(ClientError) as refused:
        getattr(account.client(service), method)(**arguments)
    response = refused.value.response
    assert response["Error"]["Code"] == "ServiceUnavailable"
    assert response["Error"]["Message"] == "Come back <later>"
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 503


@pytest.mark.parametrize(("effect", "made"), [(False, 0), (True, 1)])
def test_an_error_comes_with_or_without_the_effect(account: Account, effect: bool, made: int) -> None:
    error = {"code": "InternalException", "status": 500, "effect": effect}
    fault = account.emulator.fault("CreateLocationEfs", error=error, account=account.number)
    with fault, pytest.raises(ClientError, match="InternalException"):
        account.efs_location()
    assert locations(account) == made


@pytest.mark.parametrize(("drop", "made"), [("before", 0), ("after", 1)])
def test_a_reply_is_lost_before_or_after_the_effect(account: Account, drop: str, made: int) -> None:
    fault = account.emulator.fault("CreateLocationEfs", drop=drop, account=account.number)
    with fault, pytest.raises(ConnectionClosedError):
        account.efs_location()
    assert locations(account) == made
    lost = account.emulator.journal(operation="CreateLocationEfs", account=account.number)
    assert [(entry["lost"], entry["status"]) for entry in lost] == [(True, 200 if made else None)]


def test_a_lost_reply_of_moto_is_lost_too(account: Account) -> None:
    fault = account.emulator.fault("CreateRole", drop="after", account=account.number)
    with fault, pytest.raises(ConnectionClosedError):
        account.role("r")
    assert [role["RoleName"] for role in account.iam.list_roles()["Roles"]] == ["r"]


@pytest.mark.parametrize(("hold", "made"), [("before", 0), ("after", 1)])
def test_a_call_is_held_until_it_is_released(account: Account, hold: str, made: int) -> None:
    fault = account.emulator.fault("CreateLocationEfs", hold=hold, account=account.number)
    with ThreadPoolExecutor(1) as threads, fault:
        call = threads.submit(account.efs_location)
        fault.wait_held()
        assert locations(account) == made
        in_flight = account.emulator.journal(operation="CreateLocationEfs", account=account.number)
        assert [entry["status"] for entry in in_flight] == [None]
        fault.release()
        assert call.result(timeout=30).startswith("arn:aws:datasync:")
    assert locations(account) == 1


@pytest.mark.parametrize(("hold", "made"), [("before", 0), ("after", 1)])
def test_a_held_call_can_be_dropped(account: Account, hold: str, made: int) -> None:
    fault = account.emulator.fault("CreateLocationEfs", hold=hold, account=account.number)
    with ThreadPoolExecutor(1) as threads, fault:
        call = threads.submit(account.efs_location)
        fault.wait_held()
        fault.release(drop=True)
        with pytest.raises(ConnectionClosedError):
            call.result(timeout=30)
    assert locations(account) == made


def test_lifting_a_fault_lets_go_what_it_holds(account: Account) -> None:
    with ThreadPoolExecutor(1) as threads:
        with account.emulator.fault("CreateLocationEfs", hold="before", account=account.number) as fault:
            call = threads.submit(account.efs_location)
            fault.wait_held()
        call.result(timeout=30)


def test_a_delayed_call_succeeds(account: Account) -> None:
    with account.emulator.fault("CreateLocationEfs", delayMs=50, account=account.number) as fault:
        account.efs_location()
        assert fault.state["hits"] == 1


def test_lists_can_lag_while_describe_does_not(account: Account) -> None:
    tags = [{"Key": "a", "Value": "b"}]
    task = account.efs_task(Tags=tags)
    execution = account.start(task)
    account.ended(execution)

    def shown() -> dict[str, int]:
        return {
            "ListLocations": len(account.datasync.list_locations()["Locations"]),
            "ListTasks": len(account.datasync.list_tasks()["Tasks"]),
            "ListTaskExecutions": len(account.datasync.list_task_executions(TaskArn=task)["TaskExecutions"]),
            "GetResources": len(account.tagging.get_resources()["ResourceTagMappingList"]),
        }

    everything = {"ListLocations": 2, "ListTasks": 1, "ListTaskExecutions": 1, "GetResources": 1}
    assert shown() == everything
    faults = [
        account.emulator.fault(operation, lagMs=3_600_000, count=None, account=account.number)
        for operation in everything
    ]
    assert shown() == dict.fromkeys(everything, 0)
    account.datasync.describe_task(TaskArn=task)
    for fault in faults:
        fault.lift()
    assert shown() == everything


def test_a_fault_chooses_by_parameter(account: Account) -> None:
    fault = account.emulator.fault(
        "CreateLocationEfs", drop="before", where={"Subdirectory": "/b"}, account=account.number
    )
    with fault:
        account.efs_location(Subdirectory="/a")
        with pytest.raises(ConnectionClosedError):
            account.efs_location(Subdirectory="/b")


def test_an_answer_says_more_or_something_else(account: Account) -> None:
    task = account.task(account.efs_location(), account.efs_location(Subdirectory="/b"))
    told = {"Status": "UNAVAILABLE", "Options": {"VerifyMode": "NONE"}, "CreationTime": 1_700_000_000}
    before = account.datasync.describe_task(TaskArn=task)
    with account.emulator.fault("DescribeTask", service="datasync", answer=told, count=2, account=account.number):
        described = account.datasync.describe_task(TaskArn=task)
        with pytest.raises(ClientError, match="is not found"):
            account.datasync.describe_task(TaskArn=task[:-1] + ("0" if task[-1] != "0" else "1"))
        after = account.datasync.describe_task(TaskArn=task)
    assert (described["Status"], described["CreationTime"].timestamp()) == ("UNAVAILABLE", 1_700_000_000)
    assert described["Options"] == before["Options"] | {"VerifyMode": "NONE"}
    assert described["SourceLocationArn"] == before["SourceLocationArn"]
    assert after["Options"] == before["Options"]


@pytest.mark.parametrize(
    ("rule", "message"),
    [
        ({"operation": "ListTasks"}, "give exactly one of error, delayMs, drop, hold, lagMs, answer; found: none"),
        ({"operation": "ListTasks", "drop": "after", "delayMs": 1}, "found: delayMs, drop"),
        ({"drop": "after"}, "give operation (of a call), or state (of an execution)"),
        ({"operation": "ListTasks", "drop": "during"}, 'drop is \'during\'; it must be "before" or "after"'),
        ({"operation": "ListTasks", "error": {}}, "error is {}; it must be an object with code"),
        ({"operation": "ListTasks", "delayMs": -1}, "delayMs is -1; it must be a number of milliseconds from 0"),
        ({"operation": "ListTasks", "delayMs": 1, "count": 0}, "count is 0; it must be a positive number or null"),
        ({"operation": "ListTasks", "delayMs": 1, "after": True}, "after is True; it must be a number from 0"),
        ({"operation": "CreateTask", "lagMs": 1}, "operation is 'CreateTask'; it must be one of"),
        ({"operation": "ListRoles", "answer": {"Roles": []}}, "service is None; it must be one of ['datasync', "),
        ({"operation": "ListTasks", "service": "datasync", "answer": {}}, "answer is {}; it must be an object of"),
        ({"state": "PREPARING", "drop": "after"}, "used with error, delayMs or hold"),
        ({"operation": ["ListTasks"], "delayMs": 1}, "operation is ['ListTasks']; it must be a string"),
        ({"operation": "ListTasks", "delayMs": 1, "where": 5}, "where is 5; it must be an object"),
        ({"operation": "ListTasks", "delay": 1}, "'delay' is not known; known are: account,"),
    ],
)
def test_a_rule_that_makes_no_sense_is_explained(account: Account, rule: dict[str, Any], message: str) -> None:
    with pytest.raises(AssertionError, match=re.escape('400 {"code": "ValidationException"')) as refused:
        account.emulator.control("POST", "faults", rule)
    assert message in str(refused.value).replace('\\"', '"')


def test_a_fault_that_is_not_there(account: Account) -> None:
    with pytest.raises(AssertionError, match=r"404 .*fault 999999 does not exist"):
        account.emulator.control("DELETE", "faults/999999")
