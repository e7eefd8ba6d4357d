"""Why a mover can't be carried out as declared: checked before any call goes to AWS, in this order.

Each check is pure and looks at one thing. Nothing here is asked when a mover is being cleaned up (invariant I4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from datamover_crds import location_type_of
from datamover_crds.contract import UID_TAG
from datamover_crds.locations import split_uri
from datamover_operator.accounts.plan.grants import location_granted
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.grant_checks import (
    NOT_GRANTED,
    kept_roles_are_granted,
    locations_are_granted,
    namespace_is_granted,
    roles_are_granted,
)
from datamover_operator.movers.plan.names import SIDES, Side, is_legacy
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.places import adopts_elsewhere, elsewhere
from datamover_operator.movers.plan.spec_errors import first_mistake

Precondition = Callable[[Observed], UnmetPrecondition | None]


def first_unmet(preconditions: Iterable[Precondition], o: Observed) -> UnmetPrecondition | None:
    """The first of some preconditions that is not met."""
    return next((unmet for check in preconditions if (unmet := check(o)) is not None), None)


def _fits_its_model(o: Observed) -> UnmetPrecondition | None:
    return UnmetPrecondition("InvalidObject", o.problem) if o.problem else None


def _account_exists(o: Observed) -> UnmetPrecondition | None:
    if o.account is not None:
        return None
    name = o.mover.spec.account_ref.name
    message = (
        f"spec.accountRef.name: DataMoverAccount '{name}' does not exist; create it, or name another one in a new mover"
    )
    return UnmetPrecondition("AccountNotFound", message)


def _is_in_the_account(o: Observed) -> UnmetPrecondition | None:
    found = elsewhere(o)
    return UnmetPrecondition("AccountChanged", found) if found is not None else None


def _arns_are_right(o: Observed) -> UnmetPrecondition | None:
    found = first_mistake(o.mover.spec)
    return UnmetPrecondition("InvalidSpec", found) if found is not None else None


def _adopts_in_the_account(o: Observed) -> UnmetPrecondition | None:
    found = adopts_elsewhere(o)
    return UnmetPrecondition("InvalidSpec", found) if found is not None else None


def _role_has_one_path(o: Observed) -> UnmetPrecondition | None:
    source, destination = (location_of(o.mover.spec, side).role_named for side in SIDES)
    if source is None or destination is None or source.path == destination.path:
        return None
    if None in {source.path, destination.path} or str(source.name).casefold() != str(destination.name).casefold():
        return None
    field = f"{location_path(o.mover.spec, 'destination')}.{location_of(o.mover.spec, 'destination').access_role_field}"
    message = (
        f"{field}.path: '{destination.path}': the source names the same role '{source.name}' "
        f"with path '{source.path}'; a role has one path"
    )
    return UnmetPrecondition("InvalidSpec", message)


def _account_is_ready(o: Observed) -> UnmetPrecondition | None:
    if o.connected:
        return None
    message = f"waiting for DataMoverAccount '{o.mover.spec.account_ref.name}' to become Ready"
    return UnmetPrecondition("AccountNotReady", message, waits=True)


def _task_is_ours(o: Observed) -> UnmetPrecondition | None:
    if o.other_owner is None:
        return None
    arn = o.task.arn if o.task is not None else ""
    message = (
        f"spec.adopt.taskArn: task '{arn}' is already managed by {o.other_owner}, and a task can have only one owner; "
        f"to take it over, delete that mover with spec.deletionPolicy Retain, "
        f"then remove the tag '{UID_TAG}' from the task"
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
    if split_uri(wanted) == split_uri(actual):
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


BEFORE_AWS_IS_ASKED: tuple[Precondition, ...] = (
    _fits_its_model,
    _account_exists,
    _is_in_the_account,
    namespace_is_granted,
    _arns_are_right,
    _adopts_in_the_account,
    locations_are_granted,
    roles_are_granted,
    _role_has_one_path,
    _account_is_ready,
)
OF_WHAT_AWS_HAS: tuple[Precondition, ...] = (
    _task_is_ours,
    _adopted_task_exists,
    _legacy_task_is_rests,
    _adopted_task_fits,
    kept_roles_are_granted,
)
