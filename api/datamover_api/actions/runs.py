"""Runs are started, withdrawn where nobody started them in time, and stopped."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

import structlog

from datamover_api.actions.labels import MOVER_LABEL, ORIGIN_LABEL, REST
from datamover_api.actions.outcomes import (
    BusyError,
    GoneError,
    IdleError,
    NotDoneError,
    RefusedError,
    UnknownOutcomeError,
)
from datamover_api.actions.writer import Writer
from datamover_api.kube.client import KubeError
from datamover_api.mirror.place import Room
from datamover_crds import DataMover, DataMoverRun, DataMoverRunSpec, MoverRef, ObjectMeta, OwnerReference

CLAIM_ANNOTATION: Final = "datamover.io/claim"
"""Set by the operator before it starts a run: from then on it may have been started."""
FINAL_PHASES: Final = frozenset({"Succeeded", "Failed", "Cancelled", "Rejected", "Unknown"})
_GONE_REASONS: Final = frozenset({"MoverDeleting", "MoverReplaced", "MoverGone"})
_TRIES: Final = 20
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds: for a start, for the outcome of one that the operator has begun, for a stop."""

    start: float
    outcome: float
    stop: float


class Runs:
    """Starts and stops runs."""

    def __init__(self, writer: Writer, patience: Patience) -> None:
        """Write through `writer`."""
        self._writer = writer
        self._patience = patience
        self._starting: set[str] = set()

    async def start(self, room: Room, mover: DataMover) -> DataMoverRun:
        """Start a run; return it as soon as AWS has given its execution an ARN.

        Raises:
            BusyError: the task is running, or is being started by another request.
            GoneError: the mover is being deleted, or is gone.
            RefusedError: AWS refused.
            NotDoneError: the operator did not start it in time; the run has been withdrawn.
            UnknownOutcomeError: it may have been started; it will be cancelled.
            KubeError: the API server did not do its part.
        """
        uid = mover.metadata.uid
        if uid in self._starting:
            raise BusyError("another request is starting the task")
        self._starting.add(uid)
        try:
            run = await self._writer.create_run(room, _new_run(mover))
            return await self._settle(room, await self._outcome(room, run))
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
            await room.runs.until(run.metadata.uid, _is_ending, self._patience.stop)
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
            if CLAIM_ANNOTATION in seen.metadata.annotations or _has_outcome(seen):
                return seen
            try:
                await self._writer.delete_run(room, seen, only_as_seen=True)
            except KubeError as error:
                if not error.is_conflict:
                    raise
            else:
                return None
        raise KubeError(0, "Conflict", f"run '{run.metadata.name}' is written by others all the time")

    async def _outcome(self, room: Room, run: DataMoverRun) -> DataMoverRun | None:
        """Wait until the run is started or is not; None = it is gone."""
        uid = run.metadata.uid
        try:
            return await room.runs.until(uid, _has_outcome, self._patience.start)
        except TimeoutError:
            last = room.runs.get(uid) or run
        claimed = await self.withdraw(room, run)
        if claimed is None:
            raise NotDoneError(last.status.message or "the operator has not taken it up")
        try:
            return await room.runs.until(uid, _has_outcome, self._patience.outcome)
        except TimeoutError:
            await self._writer.cancel_run(room, run)
            raise UnknownOutcomeError("the task may have been started; it will be cancelled if so") from None

    async def _settle(self, room: Room, run: DataMoverRun | None) -> DataMoverRun:
        if run is None:
            raise NotDoneError("its run was deleted")
        if run.status.execution_arn is not None:
            return run
        reason, message = run.status.reason or "", run.status.message or ""
        if run.status.phase == "Unknown":
            raise UnknownOutcomeError(f"the task may have been started: {message}")
        await self._clear_away(room, run)
        if reason == "AlreadyRunning":
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
            _log.info("a rejected run is left for later", run=run.metadata.name, error=str(error))


def _new_run(mover: DataMover) -> DataMoverRun:
    meta = mover.metadata
    owner = OwnerReference(
        api_version=mover.api_version, kind=mover.kind, name=meta.name, uid=meta.uid, controller=True
    )
    return DataMoverRun(
        metadata=ObjectMeta(
            name=f"{meta.name}-{secrets.token_hex(5)}",
            namespace=meta.namespace,
            labels={MOVER_LABEL: meta.name, ORIGIN_LABEL: REST},
            owner_references=(owner,),
        ),
        spec=DataMoverRunSpec(mover_ref=MoverRef(name=meta.name)),
    )


def _has_outcome(run: DataMoverRun | None) -> bool:
    return run is None or run.status.execution_arn is not None or run.status.phase in FINAL_PHASES


def _is_ending(run: DataMoverRun | None) -> bool:
    return run is None or run.status.phase == "Cancelling" or run.status.phase in FINAL_PHASES
