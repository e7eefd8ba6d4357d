"""Why a mover can't be carried out as declared: checked before any call goes to AWS, in this order.

Each check is pure and looks at one thing. Nothing here is asked when a mover is being cleaned up (invariant I4).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from datamover_crds.arns import problem_with
from datamover_operator.accounts.plan.grants import agent_granted
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.existing import existing_locations_are_here
from datamover_operator.movers.plan.grant_checks import (
    NOT_GRANTED,
    files_are_granted,
    locations_are_granted,
    namespace_is_granted,
    roles_are_granted,
)
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.observed import Observed, UnmetPrecondition
from datamover_operator.movers.plan.places import adopts_elsewhere, elsewhere
from datamover_operator.movers.plan.spec_errors import first_mistake
from datamover_operator.movers.plan.time_zones import is_time_zone

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
    remedy = "create it, or name another one" if o.is_blank else "create it again"
    message = f"spec.accountRef.name: DataMoverAccount '{name}' does not exist; {remedy}"
    return UnmetPrecondition("AccountNotFound", message)


def _is_in_the_account(o: Observed) -> UnmetPrecondition | None:
    found = elsewhere(o)
    return UnmetPrecondition("AccountChanged", found) if found is not None else None


def _arns_are_right(o: Observed) -> UnmetPrecondition | None:
    found = first_mistake(o.mover.spec)
    return UnmetPrecondition("InvalidSpec", found) if found is not None else None


def _time_zone_is_known(o: Observed) -> UnmetPrecondition | None:
    schedule = o.mover.spec.schedule
    if schedule is None or schedule.time_zone is None or is_time_zone(schedule.time_zone):
        return None
    message = (
        f"spec.schedule.timeZone: '{schedule.time_zone}': is not a known time zone; use a name of the IANA database, "
        "such as Europe/Berlin or UTC"
    )
    return UnmetPrecondition("InvalidSpec", message)


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


def _agents_are_known(o: Observed) -> UnmetPrecondition | None:
    assert o.account is not None  # noqa: S101 - checked before
    known = {agent.name: agent.arn for agent in o.account.spec.agents}
    for agent in known.values():
        found = problem_with("agent", "spec.agents[].arn of the account", agent)
        if found is not None and agent in _agents_of(o).values():
            return UnmetPrecondition("InvalidSpec", found)
    for path, name in _agent_names(o):
        if name not in known:
            message = (
                f"{path}: '{name}': DataMoverAccount '{o.account.metadata.name}' has no agent of this name; add it to "
                "spec.agents of the account, or name another one"
            )
            return UnmetPrecondition("AgentNotFound", message)
    return None


def _agents_are_granted(o: Observed) -> UnmetPrecondition | None:
    assert o.account is not None  # noqa: S101 - checked before
    for path, arn in _agents_of(o).items():
        if not agent_granted(o.account, o.identity.namespace, arn):
            message = (
                f"{path}: DataMoverAccount '{o.account.metadata.name}' does not grant agent '{arn}' to namespace "
                f"'{o.identity.namespace}'; add a pattern that matches it to spec.grants[].agentArns of the account"
            )
            return UnmetPrecondition(NOT_GRANTED, message)
    return None


def _agent_names(o: Observed) -> Iterator[tuple[str, str]]:
    for side in SIDES:
        path = location_path(o.mover.spec, side)
        yield from ((f"{path}.{field}", name) for field, name in location_of(o.mover.spec, side).agents_by_name())


def _agents_of(o: Observed) -> dict[str, str]:
    """The ARNs of the agents that the locations name, by ARN or by name, by their fields."""
    assert o.account is not None  # noqa: S101 - checked before
    known = {agent.name: agent.arn for agent in o.account.spec.agents}
    found = {path: known[name] for path, name in _agent_names(o) if name in known}
    for side in SIDES:
        path = location_path(o.mover.spec, side)
        found |= {f"{path}.{field}": arn for field, arn in location_of(o.mover.spec, side).agents_by_arn()}
    return found


def _secrets_are_usable(o: Observed) -> UnmetPrecondition | None:
    problems = (secrets.problem for secrets in o.secrets.values() if secrets.problem)
    return next((UnmetPrecondition("SecretNotUsable", problem) for problem in problems), None)


BEFORE_AWS_IS_ASKED: tuple[Precondition, ...] = (
    _fits_its_model,
    _account_exists,
    _is_in_the_account,
    namespace_is_granted,
    _arns_are_right,
    _time_zone_is_known,
    _adopts_in_the_account,
    existing_locations_are_here,
    locations_are_granted,
    roles_are_granted,
    files_are_granted,
    _agents_are_known,
    _agents_are_granted,
    _role_has_one_path,
    _account_is_ready,
)
OF_SECRETS: tuple[Precondition, ...] = (_secrets_are_usable,)
