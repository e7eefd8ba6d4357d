"""By which names a mover's roles can be found again."""

from __future__ import annotations

from datamover_operator.movers.plan.calls import RoleCall, calls_of
from datamover_operator.movers.plan.names import SIDES, Side, distinct_role_name, role_name
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.roles import wanted_roles


def possible_names(name: str, uid: str) -> tuple[str, str]:
    """A role's declared name, and the one that it gets where others have that."""
    return name, distinct_role_name(name, uid)


def role_names_in_doubt(o: Observed) -> dict[Side, tuple[str, ...]]:
    """The names of the roles that the open intent allows to be made: the declared ones may be others by now."""
    calls = [call for call in calls_of(o.mover.status.bookkeeping.intent) if isinstance(call, RoleCall)]
    names = {side: [call.name for call in calls if call.side == side] for side in SIDES}
    return {side: tuple(each for name in its for each in possible_names(name, o.uid)) for side, its in names.items()}


def default_role_names(o: Observed) -> dict[Side, tuple[str, ...]]:
    """The names a role of ours may have, where nothing has recorded them: looked up when something is in doubt."""
    wanted = wanted_roles(o.mover.spec, o.uid, "/")
    names = {side: possible_names(role.name, o.uid) for role in wanted for side in role.sides}
    return {side: tuple(dict.fromkeys((*names.get(side, ()), role_name(o.uid, side)))) for side in SIDES}
