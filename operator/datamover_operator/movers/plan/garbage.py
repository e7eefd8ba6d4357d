"""What is still to be deleted from AWS, which of it is no longer used, and in which order it is deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

from datamover_crds import JsonObject, Retired, location_type_of
from datamover_operator.movers.plan.activity import TASK_ACTIVE
from datamover_operator.movers.plan.comparison import role_arn_for
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.marks import is_foreign
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.steps import Delete, Step, UpdateTask
from datamover_operator.movers.plan.suspend import disabled
from datamover_operator.runs.plan.claims import is_starting

DELETION_ORDER: tuple[Literal["task", "location", "role"], ...] = ("task", "location", "role")


def without_unwanted_roles(o: Observed) -> Observed:
    """Retire our roles that the spec no longer gives to their locations.

    Conversely, what is used again is no longer retired.
    """
    sides = {side for side, role in o.roles.items() if f"{side}Role" in o.owned and role_arn_for(o, side) != role.arn}
    if not sides and not o.retired:
        return o
    unwanted = (Retired(arn=o.roles[side].arn, kind="role") for side in SIDES if side in sides)
    owned = o.owned - {f"{side}Role" for side in sides}
    named = {role.arn for side, role in o.roles.items() if f"{side}Role" in owned}
    retired = with_retired(o.retired, unwanted)
    return changed(
        o,
        roles={side: role for side, role in o.roles.items() if side not in sides},
        owned=owned,
        retired=tuple(item for item in retired if item.arn not in named and not is_foreign(o, item.arn)),
    )


def removable(o: Observed) -> tuple[Retired, ...]:
    """What was replaced and is no longer used, neither by this mover nor, for roles, by another one.

    A run that is just starting may start a task that was replaced meanwhile.
    """
    used = {role_arn_for(o, side) for side in SIDES} | o.shared_roles
    for resource in (o.task, *o.locations.values()):
        if resource is not None:
            used |= {resource.arn, *_arns_in(resource.described or {})}
    kept = {"task"} if is_starting(o) else set()
    return tuple(
        item for item in o.retired if item.arn not in used and item.kind not in kept and not is_foreign(o, item.arn)
    )


def is_busy(o: Observed) -> bool:
    """Whether a replaced task is still running."""
    return any(_is_running(o, item) for item in removable(o))


def clearing_steps(o: Observed) -> tuple[Step, ...]:
    """How to delete what can be deleted now: tasks, then locations, then roles; a task's schedule is disabled first."""
    items = removable(without_unwanted_roles(o))
    first = next((kind for kind in DELETION_ORDER if any(item.kind == kind for item in items)), None)
    idle = [item for item in items if item.kind == first and not _is_running(o, item)]
    started = [(item.arn, schedule) for item in idle if (schedule := disabled(o.replaced.get(item.arn, {})))]
    if started:
        return tuple(UpdateTask(arn, {"schedule": schedule}, path="spec.schedule") for arn, schedule in started)
    return tuple(Delete(item.kind, item.arn) for item in idle)


def _is_running(o: Observed, item: Retired) -> bool:
    """A task that was not described in this pass may be running."""
    described = o.replaced.get(item.arn)
    return item.kind == "task" and (described is None or described.get("status") in TASK_ACTIVE)


def with_retired(retired: Sequence[Retired], more: Iterable[Retired]) -> tuple[Retired, ...]:
    """Add to what is to be deleted, each resource once."""
    return tuple({item.arn: item for item in (*retired, *more)}.values())


def _arns_in(described: JsonObject) -> Iterator[str]:
    """What a described task or location uses."""
    kind = location_type_of(described)
    arns = [described.get(f"{side}LocationArn") for side in SIDES]
    arns.append(kind.role_in(described) if kind is not None else None)
    yield from (arn for arn in arns if isinstance(arn, str))
