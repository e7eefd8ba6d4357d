"""What of AWS keeps a mover from being carried out as declared: looked at when AWS has been asked, in this order."""

from __future__ import annotations

from datamover_crds import location_type_of
from datamover_crds.contract import UID_TAG
from datamover_operator.accounts.plan.grants import location_granted
from datamover_operator.movers.plan.comparison import is_to_be_made
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.existing import (
    existing_locations_are_granted,
    existing_locations_are_there,
    locations_are_apart,
)
from datamover_operator.movers.plan.grant_checks import NOT_GRANTED, kept_roles_are_granted
from datamover_operator.movers.plan.names import SIDES, Side, is_legacy
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.preconditions import Precondition


def _task_is_ours(o: Observed) -> UnmetPrecondition | None:
    if o.other_owner is None:
        return None
    arn = o.task.arn if o.task is not None else ""
    message = (
        f"spec.adopt.taskArn: task '{arn}' is already managed by {o.other_owner}, and a task can have only one owner; "
        "to take it over, delete that mover with spec.deletionPolicy Retain, if it still exists, then remove the tag "
        f"'{UID_TAG}' from the task"
    )
    return UnmetPrecondition("AlreadyManaged", message)


def _adopted_task_exists(o: Observed) -> UnmetPrecondition | None:
    adopt = o.mover.spec.adopt
    if adopt is None or not o.adopting or o.task is not None:
        return None
    return UnmetPrecondition(
        "TaskNotFound", f"spec.adopt.taskArn: task '{adopt.task_arn}' does not exist in the account's Region"
    )


def _adopted_task_fits(o: Observed) -> UnmetPrecondition | None:
    if not o.adopting or o.task is None or o.task.described is None:
        return None
    for side in SIDES:
        unmet = _adopted_location_fits(o, side)
        if unmet is not None:
            return unmet
    mode, actual = o.mover.spec.task_mode, o.task.described.get("taskMode")
    if mode is not None and actual is not None and mode != actual:
        return UnmetPrecondition(
            "AdoptionMismatch", f"spec.taskMode: '{mode}': the task to adopt has taskMode '{actual}'"
        )
    return None


def _adopted_location_fits(o: Observed, side: Side) -> UnmetPrecondition | None:
    location = o.locations.get(side)
    described = location.described if location is not None else None
    if described is None:
        return UnmetPrecondition(
            "AdoptionMismatch",
            f"spec.{side}: the {side} location of the task to adopt has a type that is not supported",
        )
    declared, kind = location_of(o.mover.spec, side), location_type_of(described)
    wanted, actual = declared.uri, str(described.get("locationUri"))
    point = kind.point_in(described) if kind is not None else None
    if declared.is_at(described):
        if side in o.existing:
            return None
        is_kept = point is not None and declared.point() != point
        field = f"{location_path(o.mover.spec, side)}.{declared.access_point_field}"
        message = f"{field}: the {side} of the task to adopt uses an access point; declare it"
        return UnmetPrecondition("AdoptionMismatch", message) if is_kept else None
    is_told = o.account is not None and location_granted(o.account, o.identity.namespace, actual, point)
    what = (
        f"is '{actual}'; declare that one" if is_told else "is a different one, which is not granted to this namespace"
    )
    return UnmetPrecondition(
        "AdoptionMismatch", f"spec.{side}: names '{wanted}', but the {side} of the task to adopt {what}"
    )


def _legacy_task_is_rests(o: Observed) -> UnmetPrecondition | None:
    if o.task is None or o.task.tags is None or o.account is None:
        return None
    tags = o.task.tags
    rest = o.account.spec.rest
    if not is_legacy(tags) or UID_TAG in tags or (rest is not None and rest.namespace == o.identity.namespace):
        return None
    message = (
        "spec.adopt.taskArn: the task was created by the older REST service; only movers in the account's "
        "spec.rest.namespace may adopt it"
    )
    return UnmetPrecondition(NOT_GRANTED, message)


def _new_locations_can_be_made(o: Observed) -> UnmetPrecondition | None:
    if not o.settled:
        return None
    for side in SIDES:
        lacking = location_of(o.mover.spec, side).needed()
        if lacking is not None and is_to_be_made(o, side):
            field, remedy = lacking
            return UnmetPrecondition("InvalidSpec", f"{location_path(o.mover.spec, side)}.{field}: {remedy}")
    return None


OF_WHAT_AWS_HAS: tuple[Precondition, ...] = (
    _task_is_ours,
    _adopted_task_exists,
    _legacy_task_is_rests,
    _adopted_task_fits,
    kept_roles_are_granted,
    existing_locations_are_there,
    existing_locations_are_granted,
    locations_are_apart,
    _new_locations_can_be_made,
)
