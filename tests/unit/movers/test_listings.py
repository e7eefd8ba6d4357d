"""One complete listing of an account serves all movers that are in doubt at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest

from datamover_crds.contract import UID_TAG
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.listings import Listings
from datamover_operator.movers.tag_index import TagIndex
from tests.unit.movers.sky import Sky

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class Account:
    """An AWS with some resources, a clock, and a count of the calls that reach it."""

    def __init__(self, resources: int) -> None:
        self.sky, self.tick, self.calls = Sky(), 100.0, list[str]()
        for number in range(resources):
            self.sky.add("task", {}, {UID_TAG: f"uid-{number}"})
        self.sky.on_read = self.hear
        self.listings = Listings(TagIndex(), lambda: self.tick)
        self.failure: Failure | None = None

    def hear(self, operation: str) -> None:
        self.calls.append(operation)
        if self.failure is not None:
            raise AwsError(self.failure)

    async def ask(self, began_after: float = 50.0, since: datetime = LONG_AGO) -> set[str]:
        return set((await self.listings.listed("account", self.sky.ports(), began_after, since)).held)


async def test_many_doubts_cost_one_listing() -> None:
    account = Account(resources=200)
    found = await asyncio.gather(*(account.ask() for _ in range(32)))
    assert all(each == {f"uid-{number}" for number in range(200)} for each in found)
    assert account.calls.count("ListTasks") == 1
    assert "ListTagsForResource" not in account.calls, "the tagging API tells all of it in pages"


async def test_what_the_tagging_api_does_not_show_yet_is_asked_one_by_one() -> None:
    account = Account(resources=3)
    account.sky.lag = timedelta(days=1)
    assert await account.ask() == {"uid-0", "uid-1", "uid-2"}
    assert account.calls.count("ListTagsForResource") == 3


async def test_a_doubt_that_settles_later_gets_a_later_listing() -> None:
    account = Account(resources=1)
    account.tick = 60.0
    early = asyncio.create_task(account.ask(began_after=50.0))
    late = asyncio.create_task(account.ask(began_after=60.5))
    await early
    account.tick = 61.0
    await late
    assert account.calls.count("ListTasks") == 2


async def test_the_listing_reaches_back_as_far_as_the_oldest_doubt() -> None:
    account = Account(resources=1)
    since = (datetime.now(UTC), datetime.now(UTC), LONG_AGO, LONG_AGO)
    await asyncio.gather(*(account.ask(since=each) for each in since))
    assert account.calls.count("ListTasks") == 2, "the first had begun already, one more serves all the others"


async def test_a_failure_is_told_to_all_that_waited_and_does_not_last() -> None:
    account = Account(resources=1)
    account.failure = Failure(FailureKind.UNAVAILABLE, "ListTasks", "InternalException", "oops")
    answers = await asyncio.gather(*(account.ask() for _ in range(8)), return_exceptions=True)
    assert all(isinstance(each, AwsError) for each in answers)
    assert len(account.calls) <= 3
    account.failure = None
    account.tick += 1
    assert await account.ask() == {"uid-0"}


class Throttled(TagIndex):
    """An account that answers to nothing that is asked one by one."""

    asked = 0

    async def tags(self, aws: Aws, arn: str) -> Mapping[str, str]:
        self.asked += 1
        await asyncio.sleep(0)
        raise AwsError(Failure(FailureKind.THROTTLED, "ListTagsForResource", "ThrottlingException", arn))


async def test_a_listing_that_fails_leaves_no_calls_behind() -> None:
    account, index = Account(resources=300), Throttled()
    account.sky.lag = timedelta(days=1)
    account.listings = Listings(index, lambda: account.tick)
    with pytest.raises(AwsError):
        await account.ask()
    for _ in range(1000):
        await asyncio.sleep(0)
    assert index.asked < 100
