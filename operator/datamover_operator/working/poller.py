"""Describes all active executions, one after the other for the whole operator, and wakes the runs that have news."""

from __future__ import annotations

import asyncio

import structlog

from datamover_crds import DataMoverRun, JsonObject
from datamover_operator.aws.errors import AwsError
from datamover_operator.planning.failure import FailureKind
from datamover_operator.planning.history import FINAL_PHASES
from datamover_operator.planning.names import EXECUTION_ANNOTATION
from datamover_operator.working.accounts import AccountBook
from datamover_operator.working.office import Desk, Office
from datamover_operator.working.ports import Aws

_AT_ONCE = 16
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

    async def poll_forever(self) -> None:
        """Poll every `run_poll_interval_seconds`."""
        while True:
            await asyncio.sleep(self._office.settings.run_poll_interval_seconds)
            await self.poll()

    async def poll(self) -> None:
        """Describe every active execution once."""
        active = [entry.model for entry in self._office.caches.runs if entry.model is not None]
        runs = {arn: run for run in active if (arn := execution_of(run)) and run.status.phase not in FINAL_PHASES}
        self._board.keep_only(set(runs))
        self._office.metrics.active_runs(len(runs))
        slots = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._look(arn, run, slots) for arn, run in runs.items()))

    async def _look(self, arn: str, run: DataMoverRun, slots: asyncio.Semaphore) -> None:
        aws = self._way(run)
        if aws is None:
            return
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

    def _way(self, run: DataMoverRun) -> Aws | None:
        mover = self._office.caches.movers.named(run.metadata.namespace, run.spec.mover_ref.name)
        if mover is None or mover.model is None:
            return None
        return self._book.way_into(mover.model.spec.account_ref.name)


def execution_of(run: DataMoverRun) -> str | None:
    """The execution that the run stands for, as far as its object says."""
    return run.status.execution_arn or run.metadata.annotations.get(EXECUTION_ANNOTATION)
