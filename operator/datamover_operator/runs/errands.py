"""Runs errands in tasks of their own, at most a few at a time in each account, and keeps what came of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, assert_never
from weakref import WeakValueDictionary

import structlog

from datamover_crds.patterns import PatternError
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.runs.comparing import compare
from datamover_operator.runs.manifests import check_manifest
from datamover_operator.runs.plan.errands import (
    CheckManifest,
    Compare,
    Errand,
    ErrandFailed,
    Outcome,
    ReadReport,
    Removed,
    RemoveManifest,
    Select,
)
from datamover_operator.runs.reports import read_report
from datamover_operator.runs.selecting import select

_AT_ONCE: Final = 2
"""Errands in one account: each holds some MiB."""
_TRIES: Final = 4
_PAUSE: Final = 2.0
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _UnderWay:
    errand: Errand
    task: asyncio.Task[None] | None = None
    outcome: Outcome | None = None


class Errands:
    """One errand a run at a time; a run is woken when its errand is done."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        """`wake` has a run looked at, by its uid."""
        self._wake = wake
        self._of: dict[str, _UnderWay] = {}
        self._places: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._group: asyncio.TaskGroup | None = None

    async def run_forever(self) -> None:
        """Own the tasks, until cancelled."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.Event().wait()

    def begin(self, uid: str, errand: Errand, account: str, aws: Aws) -> None:
        """Have an errand run for a run; another one of it ends."""
        known = self._of.get(uid)
        if known is not None and known.errand == errand and (known.task is not None or known.outcome is not None):
            return
        before = known.task if known is not None else None
        entry = self._of[uid] = _UnderWay(errand)
        if self._group is not None:
            work = self._run(uid, entry, account, aws, before)
            entry.task = self._group.create_task(work, name=f"errand of run {uid}")

    def of(self, uid: str) -> tuple[Errand | None, Outcome | None]:
        """The errand of a run, and what came of it; a failure is told once, so that it can be tried again."""
        entry = self._of.get(uid)
        if entry is None:
            return None, None
        if isinstance(entry.outcome, ErrandFailed):
            del self._of[uid]
        return entry.errand, entry.outcome

    def forget(self, uid: str) -> None:
        """The run is gone."""
        entry = self._of.pop(uid, None)
        if entry is not None and entry.task is not None:
            entry.task.cancel()

    async def _run(self, uid: str, entry: _UnderWay, account: str, aws: Aws, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            before.cancel()
            await asyncio.wait([before])
        places = self._places.setdefault(account, asyncio.Semaphore(_AT_ONCE))  # kept as long as someone waits there
        async with places:
            entry.outcome = await _persistently(aws, entry.errand)
        entry.task = None
        self._wake(uid)


async def _persistently(aws: Aws, errand: Errand) -> Outcome:
    """Carry an errand out; what may pass is tried a few times."""
    for attempt in range(_TRIES):
        try:
            return await _carry_out(aws, errand)
        except PatternError as error:
            return ErrandFailed(Failure(FailureKind.REFUSED, "Select", "InvalidPattern", str(error)))
        except AwsError as error:
            failure = error.failure
            _log.info("an errand failed", errand=type(errand).__name__, error=str(error))
            if failure.kind.lasts or failure.kind is FailureKind.NOT_FOUND or attempt == _TRIES - 1:
                return ErrandFailed(failure)
        await asyncio.sleep(_PAUSE * 2**attempt)
    raise AssertionError


async def _carry_out(aws: Aws, errand: Errand) -> Outcome:
    """Raises AwsError, PatternError."""
    match errand:
        case CheckManifest():
            return await check_manifest(aws.s3, errand)
        case Select():
            return await select(aws.s3, errand)
        case ReadReport():
            return await read_report(aws.s3, errand)
        case Compare():
            return await compare(aws.s3, errand)
        case RemoveManifest():
            await aws.s3.delete(errand.bucket, errand.key)
            return Removed()
        case _:
            assert_never(errand)
