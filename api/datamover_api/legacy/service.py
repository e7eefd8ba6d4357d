"""What the older service does, with the mirror and the actions; every refusal is a RefusalError in its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import uuid4

from datamover_api.actions.movers import Movers
from datamover_api.actions.outcomes import UnknownOutcomeError
from datamover_api.actions.runs import Runs
from datamover_api.http.answers import RefusalError, json_document
from datamover_api.legacy.creating import IllFormedError, new_mover
from datamover_api.legacy.documents import mover_document, run_document
from datamover_api.legacy.flywheel import FailedCreations, flywheel_task, ill_formed_task
from datamover_api.legacy.refusals import NO_ACCOUNT, NO_MOVER, NO_RUN, NOT_RUNNING, RUNNING, SUSPENDED, in_old_words
from datamover_api.legacy.state import AVAILABLE, History, task_state
from datamover_api.legacy.state import RUNNING as TASK_RUNNING
from datamover_api.legacy.wire import CreateMover, SetState
from datamover_api.mirror.keys import MoverKey, execution_id
from datamover_api.mirror.mirror import Mirror
from datamover_api.mirror.place import Listing, Place, Room, StoredMover, StoredRun
from datamover_api.mirror.shown import Shown, version_alone, version_with_runs
from datamover_crds import DataMover, JsonObject


class Service:
    """The older service. All methods raise RefusalError."""

    def __init__(self, mirror: Mirror, movers: Movers, runs: Runs, failed: FailedCreations) -> None:
        """Read from `mirror`, write by `movers` and `runs`; `failed` remembers what no mover tells of."""
        self._failed = failed
        self._shown = Shown()
        self._mirror = mirror
        self._movers = movers
        self._runs = runs

    async def listing(self, account_id: str) -> Listing:
        """All movers of an account."""
        return (await self._place(account_id)).shown()

    async def listing_of(self, account_id: str, group: str) -> Listing:
        """A group's movers; none for a group that is not known."""
        return (await self._place(account_id)).shown_in(group)

    async def check_account(self, account_id: str) -> None:
        """Refuse an account that is not served."""
        await self._place(account_id)

    async def create(self, account_id: str, group: str, request: CreateMover) -> str:
        """Have a mover created; return the id of the flywheel task that reports its progress."""
        place = await self._place(account_id)
        with in_old_words():
            try:
                mover, other_name = new_mover(request, group, place.account)
            except IllFormedError as error:
                return self._refuse(request.name or "", error)
            made = await self._movers.create(place, mover, (other_name,))
        return made.metadata.uid

    def _refuse(self, name: str, error: IllFormedError) -> str:
        """The older service accepted such a request, and failed when it carried it out."""
        task_id = str(uuid4())
        self._failed.add(ill_formed_task(task_id, name, error.step, str(error), datetime.now(UTC)))
        return task_id

    async def show(self, account_id: str, key: MoverKey) -> bytes:
        """A mover's task, locations and tags, as JSON."""
        room, entry = await self._stored(account_id, key)

        def make() -> bytes:
            return json_document(mover_document(entry.model, task_state(entry.model, _history(room, entry.uid))))

        return self._shown.get(entry.uid, version_with_runs(room, entry.uid, entry.version), make)

    async def delete(self, account_id: str, key: MoverKey) -> None:
        """Have a mover deleted with everything that it has in AWS."""
        place, mover = await self._mover(account_id, key)
        with in_old_words():
            await self._movers.delete(place, mover)

    async def set_state(self, account_id: str, key: MoverKey, request: SetState) -> str | None:
        """Start the task, and return the execution's id; or stop it."""
        if request.state is None:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "missing required parameter: State")
        if request.state not in {"start", "stop"}:
            raise RefusalError(HTTPStatus.BAD_REQUEST, "valid states are 'start' and 'stop'")
        place, mover = await self._mover(account_id, key)
        if request.state == "start":
            return await self._start(place, mover)
        await self._stop(place, mover)
        return None

    async def run_ids(self, account_id: str, key: MoverKey) -> bytes:
        """The ids of a mover's task executions, the oldest first, as JSON."""
        room, entry = await self._stored(account_id, key)
        return room.runs.derived(entry.uid, _ids)

    async def run(self, account_id: str, key: MoverKey, run_id: str) -> bytes:
        """One task execution of a mover, as JSON."""
        room, entry = await self._stored(account_id, key)
        run = _history(room, entry.uid).started.get(run_id)
        if run is None:
            raise RefusalError(HTTPStatus.NOT_FOUND, NO_RUN)
        return self._shown.get(run.uid, version_alone(run.version), lambda: json_document(run_document(run.model)))

    async def flywheel(self, ids: Sequence[str]) -> JsonObject:
        """The flywheel tasks with these ids, as far as they are known."""
        failed: JsonObject = {each: task for each in ids if (task := self._failed.get(each)) is not None}
        with in_old_words():
            movers = await self._mirror.movers([each for each in ids if each not in failed])
        living = (each for each in (*movers, *self._mirror.known(failed)) if each.metadata.deletion_timestamp is None)
        return failed | {each.metadata.uid: flywheel_task(each) for each in living}

    async def _place(self, account_id: str) -> Place:
        with in_old_words():
            place = await self._mirror.place(account_id)
        if place is None:
            raise RefusalError(HTTPStatus.NOT_FOUND, NO_ACCOUNT)
        return place

    async def _mover(self, account_id: str, key: MoverKey) -> tuple[Place, DataMover]:
        place = await self._place(account_id)
        return place, _seen(place, key).model

    async def _stored(self, account_id: str, key: MoverKey) -> tuple[Room, StoredMover]:
        """A mover that need not be unpacked for what is kept of it."""
        place = await self._place(account_id)
        return place.room, _seen(place, key)

    async def _start(self, place: Place, mover: DataMover) -> str:
        if task_state(mover, _history(place.room, mover.metadata.uid)).status != AVAILABLE:
            raise RefusalError(HTTPStatus.CONFLICT, RUNNING)
        if mover.spec.suspend:
            raise RefusalError(HTTPStatus.CONFLICT, SUSPENDED)
        with in_old_words():
            started = await self._runs.start(place.room, mover)
        return execution_id(started.status.execution_arn)

    async def _stop(self, place: Place, mover: DataMover) -> None:
        state = task_state(mover, _history(place.room, mover.metadata.uid))
        if state.status != TASK_RUNNING:
            raise RefusalError(HTTPStatus.CONFLICT, NOT_RUNNING)
        with in_old_words():
            if state.active is None:
                raise UnknownOutcomeError("the task runs, but its execution is not known yet")
            await self._runs.stop(place.room, state.active)


def _seen(place: Place, key: MoverKey) -> StoredMover:
    """The mover of this key that clients see. Raises RefusalError."""
    mover = next((each for each in place.keyed(key) if each.digest.is_shown), None)
    if mover is None:
        raise RefusalError(HTTPStatus.NOT_FOUND, NO_MOVER)
    return mover


def _history(room: Room, uid: str) -> History:
    return room.runs.derived(uid, History.of)


def _ids(runs: Iterable[StoredRun]) -> bytes:
    return json_document(list(History.of(runs).started))
