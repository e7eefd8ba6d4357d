"""Runs are started, withdrawn where nobody started them in time, and stopped."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Final

import structlog

from datamover_api.actions.outcomes import (
    ActionError,
    BusyError,
    GoneError,
    IdleError,
    NotDoneError,
    RefusedError,
    UnknownOutcomeError,
)
from datamover_api.actions.run_states import has_outcome, is_decided, is_ending
from datamover_api.actions.writer import Writer
from datamover_api.mirror.place import Room
from datamover_common.kube.errors import KubeError
from datamover_common.tasks import Background, cancelled
from datamover_crds import DataMover, DataMoverRun, DataMoverRunSpec, MoverRef, ObjectMeta
from datamover_crds.contract import (
    CLAIM_ANNOTATION,
    FINAL_PHASES,
    MOVER_LABEL,
    ORIGIN_LABEL,
    REST_ORIGIN,
    RunReason,
    run_owner,
)

_GONE_REASONS: Final = frozenset({RunReason.MOVER_DELETING, RunReason.MOVER_REPLACED, RunReason.MOVER_GONE})
_REFUSED_REASONS: Final = frozenset(
    {
        RunReason.ACCESS_DENIED,
        RunReason.BUCKET_NOT_ACCESSIBLE,
        RunReason.LIMIT_EXCEEDED,
        RunReason.ROLE_NOT_ASSUMABLE,
        RunReason.THROTTLED,
    }
)
"""Why a run waits that AWS has refused: for the operator it may still come to be started."""
_TRIES: Final = 20
_LOOK_AGAIN_S: Final = 0.5
_LAST_S: Final = 3.0
"""How long what is being taken back may last at the end of the service: its pod is killed soon."""
_IN_DOUBT: Final = "the task may have been started; it will be cancelled if so"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a start, for the outcome of one that the operator has begun, for a stop."""

    start: float
    outcome: float
    stop: float


class Runs:
    """Starts and stops runs."""

    def __init__(self, writer: Writer, patience: Patience, background: Background) -> None:
        """Write through `writer`; what is done beside requests belongs to `background`."""
        self._writer = writer
        self._patience = patience
        self._background = background
        self._starting: set[str] = set()
        self._taking_back: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def taking_back(self) -> AsyncIterator[None]:
        """Within, starts whose outcome is in doubt are taken back beside the requests."""
        try:
            yield
        finally:
            if self._taking_back:
                await asyncio.wait(self._taking_back, timeout=_LAST_S)
            await cancelled(*self._taking_back)

    async def start(self, room: Room, mover: DataMover) -> DataMoverRun:
        """Start a run; return it as soon as AWS has given its execution an ARN.

        Raises:
            BusyError: the task is running, or is being started by another request.
            GoneError: the mover is being deleted, or is gone.
            RefusedError: AWS refused.
            NotDoneError: the operator did not start it in time; the run has been withdrawn.
            UnknownOutcomeError: it may have been started; it will be cancelled.
            KubeError: the API server refused the run.
        """
        uid = mover.metadata.uid
        if uid in self._starting:
            raise BusyError("another request is starting the task")
        self._starting.add(uid)
        run, made = _new_run(mover), None
        try:
            made = await self._writer.create_run(room, run)
            return await self._settle(room, await self._outcome(room, made))
        except KubeError as error:
            if made is None and not error.is_doubtful:
                raise
            _log.warning("the outcome of a start is unknown", run=run.metadata.name, error=str(error))
            self._begin_to_take_back(room, run.metadata.name)
            raise UnknownOutcomeError(_IN_DOUBT) from error
        except asyncio.CancelledError:
            # The service ends, and nobody but the client is left to be told.
            self._begin_to_take_back(room, run.metadata.name)
            raise UnknownOutcomeError(_IN_DOUBT) from None
        finally:
            self._starting.discard(uid)

    async def stop(self, room: Room, run: DataMoverRun) -> None:
        """Stop a run; return when the operator has passed that on to AWS.

        Raises:
            IdleError: the run has ended.
            UnknownOutcomeError: the operator has not done so in time; it still will.
            KubeError: the API server did not do its part.
        """
        try:
            await self._writer.cancel_run(room, run)
            await room.runs.until(run.metadata.uid, is_ending, self._patience.stop)
        except TimeoutError:
            raise UnknownOutcomeError("the stop was asked for, but is not confirmed yet") from None
        except KubeError as error:
            if error.is_not_found or error.is_conflict:
                raise IdleError("the run is gone") from error
            raise

    async def withdraw(self, room: Room, run: DataMoverRun) -> DataMoverRun | None:
        """Take a run back that nobody has begun to start; return it where somebody has, None where it is gone.

        The operator claims a run before it starts it, by a write: a deletion that holds for the unclaimed state alone
        is refused once that has been done. Raises KubeError.
        """
        for _ in range(_TRIES):
            seen = await self._writer.read_run(room, run.metadata.name)
            if seen is None or seen.metadata.uid != run.metadata.uid:
                room.runs.drop(run.metadata.uid)
                return None
            if CLAIM_ANNOTATION in seen.metadata.annotations or has_outcome(seen):
                return seen
            try:
                await self._writer.delete_run(room, seen, only_as_seen=True)
            except KubeError as error:
                if not error.is_conflict:
                    raise
            else:
                return None
        raise KubeError(0, "Conflict", f"run '{run.metadata.name}' is written by others all the time")

    def _begin_to_take_back(self, room: Room, name: str) -> None:
        task = self._background.begin(self._take_back(room, name), f"taking back {name}")
        self._taking_back.add(task)
        task.add_done_callback(self._taking_back.discard)

    async def _take_back(self, room: Room, name: str) -> None:
        """Withdraw a run whose client has been told that it may have been started; cancel it where it is too late.

        It may not be there yet: the request that creates it may still be on its way.
        """
        try:
            async with asyncio.timeout(self._patience.outcome):
                while True:
                    if await self._is_taken_back(room, name):
                        return
                    await asyncio.sleep(_LOOK_AGAIN_S)
        except TimeoutError:
            _log.info("a run to withdraw was not found", run=name)

    async def _is_taken_back(self, room: Room, name: str) -> bool:
        try:
            run = await self._writer.read_run(room, name)
            if run is None:
                return False
            claimed = await self.withdraw(room, run)
            if claimed is not None and claimed.status.phase not in FINAL_PHASES:
                await self._writer.cancel_run(room, claimed)
        except KubeError as error:
            _log.info("a run can't be withdrawn yet", run=name, error=str(error))
            return False
        return True

    async def _outcome(self, room: Room, run: DataMoverRun) -> DataMoverRun | None:
        """Wait until the run is started or is not; None = it is gone."""
        uid = run.metadata.uid
        for patience in (self._patience.start, self._patience.outcome):
            with suppress(TimeoutError):
                await room.runs.until(uid, is_decided, patience)
            last = room.runs.model(uid)
            if last is None or has_outcome(last):
                return last
            if await self.withdraw(room, run) is None:
                raise _not_started(last)
        await self._writer.cancel_run(room, run)
        raise UnknownOutcomeError(_IN_DOUBT)

    async def _settle(self, room: Room, run: DataMoverRun | None) -> DataMoverRun:
        if run is None:
            raise NotDoneError("its run was deleted")
        if run.status.execution_arn is not None:
            return run
        reason, message = run.status.reason or "", run.status.message or ""
        if run.status.phase == "Unknown":
            raise UnknownOutcomeError(f"the task may have been started: {message}")
        await self._clear_away(room, run)
        if reason == RunReason.ALREADY_RUNNING:
            raise BusyError(message)
        if reason in _GONE_REASONS:
            raise GoneError(message)
        if run.status.phase == "Rejected":
            raise RefusedError(reason, message)
        raise NotDoneError(message)

    async def _clear_away(self, room: Room, run: DataMoverRun) -> None:
        """A run that was never started is no part of the history."""
        try:
            await self._writer.delete_run(room, run)
        except KubeError as error:
            _log.info("a rejected run could not be removed yet", run=run.metadata.name, error=str(error))


def _new_run(mover: DataMover) -> DataMoverRun:
    meta = mover.metadata
    return DataMoverRun(
        metadata=ObjectMeta(
            name=f"{meta.name}-{secrets.token_hex(5)}",
            namespace=meta.namespace,
            labels={MOVER_LABEL: meta.name, ORIGIN_LABEL: REST_ORIGIN},
            owner_references=(run_owner(meta.name, meta.uid),),
        ),
        spec=DataMoverRunSpec(mover_ref=MoverRef(name=meta.name)),
    )


def _not_started(last: DataMoverRun) -> ActionError:
    """Why a run was withdrawn that was seen so last."""
    reason, message = last.status.reason or "", last.status.message or "the operator has not taken it up"
    return RefusedError(reason, message) if reason in _REFUSED_REASONS else NotDoneError(message)
