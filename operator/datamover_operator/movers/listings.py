"""Complete listings of what an account holds under our tags: one for all movers that are in doubt at the same time.

The tagging API tells most of it in pages. It lags, so what it does not show is asked for its tags one by one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datamover_common.tasks import together
from datamover_crds import LocationType, location_type_of
from datamover_crds.contract import UID_TAG
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.movers.tag_index import TagIndex

_AT_ONCE = 16
"""Tags that are read side by side: what else is asked in the account must not queue up behind hundreds."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a listing that began at `began`, in monotonic seconds, shows of what was made since `since`.

    `held` has each of our resources' tags by the uid that it carries and its ARN; `types` the types of all locations.
    """

    began: float
    since: datetime
    held: Mapping[str, Mapping[str, Mapping[str, str]]]
    types: Mapping[str, type[LocationType]]

    def serves(self, began_after: float, since: datetime) -> bool:
        """Whether it began late enough, and reaches back far enough."""
        return self.began >= began_after and self.since <= since


@dataclass(slots=True)
class _Account:
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: dict[object, datetime] = field(default_factory=dict)
    last: Listing | None = None
    failed: tuple[float, AwsError] | None = None


class Listings:
    """Lists accounts, as often as somebody needs a listing that is newer than the last one."""

    def __init__(self, index: TagIndex, tick: Callable[[], float]) -> None:
        """`tick` is a monotonic clock, in seconds."""
        self._index = index
        self._tick = tick
        self._accounts: dict[str, _Account] = {}

    async def listed(self, account: str, aws: Aws, began_after: float, since: datetime) -> Listing:
        """Return a listing of an account that began after then. Raises AwsError, to all that waited for it."""
        state, ticket = self._accounts.setdefault(account, _Account()), object()
        state.waiting[ticket] = since
        arrived = self._tick()
        try:
            async with state.lock:
                if state.failed is not None and state.failed[0] >= arrived:
                    raise state.failed[1]
                if state.last is None or not state.last.serves(began_after, since):
                    state.last = await self._list(state, aws)
                return state.last
        finally:
            del state.waiting[ticket]
            if not state.waiting:
                self._accounts.pop(account, None)  # nothing is kept that nobody waits for

    async def _list(self, state: _Account, aws: Aws) -> Listing:
        began, since = self._tick(), min(state.waiting.values())
        try:
            return await self._read(aws, began, since)
        except AwsError as error:
            state.failed = (self._tick(), error)
            raise

    async def _read(self, aws: Aws, began: float, since: datetime) -> Listing:
        shown, tasks, locations = await asyncio.gather(
            aws.tagging.find_all(), aws.datasync.list_tasks(since), aws.datasync.list_locations(since)
        )
        types = {str(each["locationArn"]): location_type_of(each) for each in locations}
        slots = asyncio.Semaphore(_AT_ONCE)

        async def tags_of(arn: str) -> Mapping[str, str]:
            async with slots:
                return await self._index.tags(aws, arn)

        arns = [str(task["taskArn"]) for task in tasks] + list(types)
        unshown = [arn for arn in arns if UID_TAG not in shown.get(arn, {})]
        tags = dict(zip(unshown, await together(tags_of(arn) for arn in unshown), strict=True))
        held: dict[str, dict[str, Mapping[str, str]]] = {}
        for arn in arns:
            its = tags.get(arn) or shown.get(arn, {})
            if UID_TAG in its:
                held.setdefault(its[UID_TAG], {})[arn] = its
        known = {arn: its for arn, its in types.items() if its is not None}
        return Listing(began, since, held, known)
