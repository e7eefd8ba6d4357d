"""Describes all active executions, a few at a time in each account, and wakes the runs that have news."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from datamover_crds import DataMoverRun, JsonObject
from datamover_operator.accounts.connections import AccountBook
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import ACTIVE, Desk, Office
from datamover_operator.controller.periodic import make_rounds
from datamover_operator.runs.plan.executions import status_from
from datamover_operator.runs.plan.ownership import belongs_to, execution_of, is_execution_of

_AT_ONCE = 16
"""Calls in one account: what else has to be asked there must not queue up behind hundreds."""
_log = structlog.get_logger(__name__)


class Board:
    """The last description of each active execution, by ARN; None where DataSync no longer knows it."""

    def __init__(self) -> None:
        """Nothing has been described yet."""
        self._described: dict[str, JsonObject | None] = {}

    def post(self, arn: str, described: JsonObject | None) -> bool:
        """Keep a description; return whether it says anything new."""
        is_news = arn not in self._described or self._described[arn] != described
        self._described[arn] = described
        return is_news

    def is_posted(self, arn: str | None) -> bool:
        """Whether the execution has been asked about."""
        return arn in self._described

    def read(self, arn: str | None) -> JsonObject | None:
        """The last description."""
        return self._described.get(arn or "")

    def keep_only(self, arns: set[str]) -> None:
        """Forget all others."""
        for arn in self._described.keys() - arns:
            del self._described[arn]


class Poller:
    """Polls without an end."""

    def __init__(self, office: Office, book: AccountBook, board: Board) -> None:
        """Post what is described on `board`."""
        self._office = office
        self._book = book
        self._board = board
        self._active: dict[str, dict[str, list[DataMoverRun]]] = {}

    async def poll_forever(self) -> None:
        """Describe every active execution every `run_poll_interval_seconds`."""
        await make_rounds(self._office.settings.run_poll_interval_seconds, self._begin, self._poll)

    def _begin(self) -> list[str]:
        """Find what is active now; return its accounts."""
        active = [(arn, run) for run in self._office.caches.runs.under(ACTIVE) if (arn := execution_of(run))]
        arns = {arn for arn, _ in active}
        self._board.keep_only(arns)
        self._office.metrics.active_runs(len(arns))
        self._active = {}
        for arn, run in active:
            if account := self._account(arn, run):
                self._active.setdefault(account, {}).setdefault(arn, []).append(run)
        return list(self._active)

    async def _poll(self, account: str) -> None:
        aws = self._book.way_into(account)
        if aws is None:
            return
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._look(aws, arn, runs, slots) for arn, runs in self._active[account].items()))

    async def _look(self, aws: Aws, arn: str, runs: Sequence[DataMoverRun], slots: asyncio.Semaphore) -> None:
        async with slots:
            try:
                described = await aws.datasync.describe_task_execution(arn)
            except AwsError as error:
                if error.failure.kind is not FailureKind.NOT_FOUND:
                    _log.info("an execution could not be described", execution=arn, error=str(error))
                    return
                described = None
        is_news, now = self._board.post(arn, described), self._office.clock.now()
        for run in runs:
            if is_news or described is None or status_from(described, run.status, now) != run.status:
                self._office.queue.add((Desk.RUN, run.metadata.uid))

    def _account(self, arn: str, run: DataMoverRun) -> str | None:
        """Only the run's own mover gives access to an execution, and only to one of its own task (I6)."""
        mover = self._office.caches.movers.named(run.metadata.namespace, run.spec.mover_ref.name)
        if mover is None:
            return None
        is_own = belongs_to(run, mover.uid) and is_execution_of(mover.model, arn)
        return mover.model.spec.account_ref.name if is_own else None
