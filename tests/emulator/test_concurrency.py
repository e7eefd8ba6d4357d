"""Many callers at once: exactly one wins, and nothing is counted twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

from botocore.exceptions import ClientError

from tests.support.account import Account

CALLERS = 16


def together(account: Account, call: Callable[[int], object]) -> Counter[str]:
    """Make a call from many threads; gives how many ended how."""

    def outcome(number: int) -> str:
        try:
            call(number)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        return "success"

    with ThreadPoolExecutor(CALLERS) as threads:
        return Counter(threads.map(outcome, range(CALLERS)))


def test_of_concurrent_unqueued_starts_one_wins(account: Account) -> None:
    task = account.efs_task()
    with account.emulator.fault(state="LAUNCHING", hold="before", account=account.number) as held:
        options = {"TaskQueueing": "DISABLED"}
        outcomes = together(account, lambda _: account.start(task, OverrideOptions=options))
        held.wait_held()
        assert outcomes == {"success": 1, "InvalidRequestException": CALLERS - 1}
    (execution,) = account.datasync.list_task_executions(TaskArn=task)["TaskExecutions"]
    assert account.ended(execution["TaskExecutionArn"])["Status"] == "SUCCESS"


def test_concurrent_queued_starts_run_one_after_another(account: Account) -> None:
    task = account.efs_task()
    assert together(account, lambda _: account.start(task)) == {"success": CALLERS}
    arns = [
        entry["TaskExecutionArn"] for entry in account.datasync.list_task_executions(TaskArn=task)["TaskExecutions"]
    ]
    ended = sorted((account.ended(arn) for arn in arns), key=lambda each: each["LaunchTime"])
    for one, following in pairwise(ended):
        assert one["EndTime"] <= following["LaunchTime"]


def test_concurrent_creations_stay_within_the_quota(strict_account: Account) -> None:
    source = strict_account.efs_location("fs-0aaaaaaaaaaaaaaaa")
    destination = strict_account.efs_location("fs-0bbbbbbbbbbbbbbbb")
    outcomes = together(strict_account, lambda _: strict_account.task(source, destination))
    assert outcomes == {"success": 2, "InvalidRequestException": CALLERS - 2}


def test_concurrent_creations_of_one_role_make_one(account: Account) -> None:
    assert together(account, lambda _: account.role("same")) == {"success": 1, "EntityAlreadyExists": CALLERS - 1}


def test_many_roles_and_objects_at_once(account: Account) -> None:
    bucket = account.bucket("data")

    def make(number: int) -> None:
        account.role(f"role-{number}")
        account.s3.put_object(Bucket=bucket, Key=f"key-{number}", Body=b"x")
        account.s3.list_objects_v2(Bucket=bucket)
        account.iam.list_roles()

    assert together(account, make) == {"success": CALLERS}
    assert account.s3.list_objects_v2(Bucket=bucket)["KeyCount"] == CALLERS


def test_a_bucket_is_listed_while_a_run_writes_to_it(account: Account) -> None:
    folder = account.efs_folder("fs-0aaaaaaaaaaaaaaaa")
    for number in range(500):
        (folder / f"{number}.txt").write_bytes(b"x")
    bucket = account.bucket("out")
    task = account.task(account.efs_location("fs-0aaaaaaaaaaaaaaaa"), account.s3_location(bucket))
    execution = account.start(task)
    while account.execution(execution)["Status"] not in ("SUCCESS", "ERROR"):
        account.s3.list_objects_v2(Bucket=bucket)
    assert account.ended(execution)["FilesTransferred"] >= 500
    assert account.s3.list_objects_v2(Bucket=bucket)["KeyCount"] >= 500
