"""The agents through which locations are reached: which they are, and whether they are online."""

from __future__ import annotations

from datetime import timedelta

from datamover_crds.locations import agents_in
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.observed import Observed


def has_new_agents(o: Observed, side: Side) -> bool:
    """Whether the account gives an agent's name to another agent than the location was last seen with."""
    location, described = location_of(o.mover.spec, side), o.last_described(side)
    if described is None or not any(True for _ in location.agents_by_name()):
        return False
    names = {agent.name: agent.arn for agent in o.account.spec.agents} if o.account is not None else {}
    named = {names.get(name) for _, name in location.agents_by_name()}
    return named | {arn for _, arn in location.agents_by_arn()} != set(agents_in(described))


AGENT_POLL = timedelta(seconds=30)


def offline_agents(o: Observed) -> str:
    """The agents of an UNAVAILABLE task that are not online, by name, with their status; empty where none is."""
    names = {agent.arn: agent.name for agent in o.account.spec.agents} if o.account is not None else {}
    return ", ".join(
        f"agent '{names.get(arn) or described.get('name') or arn.rsplit('/', 1)[-1]}' ({arn}) is {described['status']}"
        for arn, described in o.agents.items()
        if described.get("status") not in {None, "ONLINE"}
    )
