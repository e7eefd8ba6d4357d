"""Which roles, locations and task are still to be made or changed for a mover."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

from datamover_crds import DataMoverSpec, Replace
from datamover_crds.contract import NONCE_TAG, UID_TAG
from datamover_operator.movers.plan.calls import Call, LocationCall, TaskCall
from datamover_operator.movers.plan.comparison import (
    attributes_kept_by,
    files_roles,
    location_difference,
    references_of,
    removed_fields,
)
from datamover_operator.movers.plan.desired import location_of, tag_list, task_name, task_request, user_tags
from datamover_operator.movers.plan.diff import files_change, tag_change, task_change
from datamover_operator.movers.plan.known import Resource
from datamover_operator.movers.plan.names import SIDES, Side
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.replacing import inherited_location, inherited_tags, inherited_task
from datamover_operator.movers.plan.role_steps import role_steps
from datamover_operator.movers.plan.steps import (
    ChangeTags,
    CreateLocation,
    CreateTask,
    Step,
    UpdateLocation,
    UpdateTask,
)
from datamover_operator.movers.plan.suspend import is_withheld
from datamover_operator.movers.plan.transfer_files import task_files

_Room = tuple[tuple[Step, ...], tuple[Call, ...]]


class Wanted:
    """What is declared compared with what is known, room by room: each is looked at when it is first asked for.

    A room has the steps that are possible now; `creations` are the Create* calls that this pass may have to send.
    """

    def __init__(self, o: Observed) -> None:
        """Compare what was observed."""
        self._o = o

    @property
    def roles(self) -> tuple[Step, ...]:
        """The steps for roles."""
        return self._roles[0]

    @property
    def locations(self) -> tuple[Step, ...]:
        """The steps for locations."""
        return self._locations[0]

    @property
    def task(self) -> tuple[Step, ...]:
        """The steps for the task."""
        return self._task[0]

    @property
    def creations(self) -> tuple[Call, ...]:
        """The calls that make what is missing."""
        return (*self._roles[1], *self._locations[1], *self._task[1])

    @property
    def pending(self) -> bool:
        """Whether anything in AWS differs from what is declared."""
        return bool(self.creations or self.roles or self.locations or self.task)

    @cached_property
    def _roles(self) -> _Room:
        return role_steps(self._o)

    @cached_property
    def _locations(self) -> _Room:
        return _locations(self._o)

    @cached_property
    def _task(self) -> _Room:
        return _task(self._o, replaced=bool(self._locations[1]))


def _locations(o: Observed) -> _Room:
    steps: list[Step] = []
    creations: list[Call] = []
    for side in SIDES:
        location = location_of(o.mover.spec, side)
        known = o.locations.get(side)
        change = location_difference(o, side)
        digest = o.secrets[side].digest if side in o.secrets else ""
        if known is None or isinstance(change, Replace) or (change is not None and known.arn in o.others):
            creations.append(LocationCall(side))
            tags = tag_list(user_tags(o.mover.spec) | o.identity.tags(side, o.nonce))
            request = inherited_location(o, side) | location.create_request(references_of(o, side)) | tags
            steps.append(CreateLocation(side, location.type_name(), request, f"spec.{side}", digest))
            continue
        if change is not None:
            described = location.changed(known.described or {}, change)
            steps.append(
                UpdateLocation(side, location.type_name(), known.arn, change, described, f"spec.{side}", digest)
            )
        if side in o.owned:
            steps += _tags(o, side, known.arn, known.tags)
        elif change is not None:  # others may have adopted the same location: it is whose mark it carries
            steps += _mark(o, side, known)
    return tuple(steps), tuple(creations)


def _mark(o: Observed, side: Side, known: Resource) -> tuple[Step, ...]:
    """Our mark on a location that came with an adopted task: it is ours to change then, not to delete."""
    if known.tags is None or known.tags.get(UID_TAG) == o.uid:
        return ()
    gone = (NONCE_TAG,) if NONCE_TAG in known.tags else ()
    return (ChangeTags(side, known.arn, o.identity.tags(side, ""), gone),)


def _task(o: Observed, *, replaced: bool) -> _Room:
    name = task_name(o.mover.spec, o.identity)
    if o.task is None or replaced or _task_is_elsewhere(o):
        arns = {side: known.arn for side, known in o.locations.items()}
        if replaced or len(arns) < len(SIDES):
            return (), (TaskCall(),)
        tags = tag_list(inherited_tags(o) | user_tags(o.mover.spec) | o.identity.tags("task", o.nonce))
        others = task_files(o.mover.spec, files_roles(o)) | tags
        return (CreateTask(task_request(_in_utc(o), name, arns, others, inherited_task(o))),), (TaskCall(),)
    steps: list[Step] = []
    if o.task.described is not None and o.task.described.get("status") != "CREATING":
        spec = _in_utc(o).model_copy(update={"suspend": True}) if is_withheld(o) else _in_utc(o)
        described, removed = o.task.described, removed_fields(o)
        change = task_change(spec, name, described, removed, attributes_kept_by(o)) or {}
        change |= files_change(task_files(spec, files_roles(o)), described, removed)
        if change:
            steps.append(UpdateTask(o.task.arn, change))
    steps += _tags(o, "task", o.task.arn, o.task.tags)
    return tuple(steps), ()


def _in_utc(o: Observed) -> DataMoverSpec:
    """The spec with its schedule as DataSync is to have it."""
    spec = o.mover.spec
    if spec.schedule is None or o.schedule_expression is None:
        return spec
    schedule = spec.schedule.model_copy(update={"schedule_expression": o.schedule_expression})
    return spec.model_copy(update={"schedule": schedule})


def _task_is_elsewhere(o: Observed) -> bool:
    """A task can't be pointed at another location: it has to be made again."""
    described = o.task.described if o.task is not None else None
    return described is not None and any(
        side in o.locations and described.get(f"{side}LocationArn") != o.locations[side].arn for side in SIDES
    )


def _tags(o: Observed, part: str, arn: str, actual: Mapping[str, str] | None) -> tuple[Step, ...]:
    if actual is None:
        return ()
    missing, gone = tag_change(o.mover.spec, o.identity, part, actual, removed_fields(o))
    if part not in o.owned and NONCE_TAG in actual:  # beside our uid an earlier mover's nonce would make it ours
        gone = (*gone, NONCE_TAG)
    return (ChangeTags(part, arn, missing, gone),) if missing or gone else ()
