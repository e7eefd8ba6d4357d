"""Describes all active executions, a few at a time in each account, and wakes the runs that have news."""

from __future__ import annotations

import asyncio

import structlog

from datamover_crds import DataMoverRun, JsonObject
from datamover_operator.aws.errors import AwsError
from datamover_operator.planning.failure import FailureKind
from datamover_operator.planning.names import EXECUTION_ANNOTATION
from datamover_operator.working.book import AccountBook
from datamover_operator.working.office import ACTIVE, Desk, Office
from datamover_operator.working.ports import Aws
from datamover_operator.working.rounds import make_rounds

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
        self._active: dict[str, dict[str, DataMoverRun]] = {}

    async def poll_forever(self) -> None:
        """Describe every active execution every `run_poll_interval_seconds`."""
        await make_rounds(self._office.settings.run_poll_interval_seconds, self._begin, self._poll)

    def _begin(self) -> list[str]:
        """Find what is active now; return its accounts."""
        active = {arn: run for run in self._office.caches.runs.under(ACTIVE) if (arn := execution_of(run))}
        self._board.keep_only(set(active))
        self._office.metrics.active_runs(len(active))
        self._active = {}
        for arn, run in active.items():
            if account := self._account(run):
                self._active.setdefault(account, {})[arn] = run
        return list(self._active)

    async def _poll(self, account: str) -> None:
        aws = self._book.way_into(account)
        if aws is None:
            return
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._look(aws, arn, run, slots) for arn, run in self._active[account].items()))

    async def _look(self, aws: Aws, arn: str, run: DataMoverRun, slots: asyncio.Semaphore) -> None:
        async with slots:
            try:
                described = await aws.datasync.describe_task_execution(arn)
            except AwsError as error:
                if error.failure.kind is not FailureKind.NOT_FOUND:
                    _log.info("an execution could not be described", execution=arn, error=str(error))
                    return
                described = None
        if self._board.post(arn, described):
            self._office.queue.add((Desk.RUN, run.metadata.uid))

    def _account(self, run: DataMoverRun) -> str | None:
        mover = self._office.caches.movers.named(run.metadata.namespace, run.spec.mover_ref.name)
        return mover.model.spec.account_ref.name if mover is not None else None


def execution_of(run: DataMoverRun) -> str | None:
    """The execution that the run stands for, as far as its object says."""
    return run.status.execution_arn or run.metadata.annotations.get(EXECUTION_ANNOTATION)
