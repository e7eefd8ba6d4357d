"""The agents of a task that can't run: one that is offline is why, and comes back by itself."""

from __future__ import annotations

from datetime import timedelta

from datamover_operator.movers.plan.observed import Observed

AGENT_POLL = timedelta(seconds=30)


def offline_agents(o: Observed) -> str:
    """The agents of an UNAVAILABLE task that are not online, by name, with their status; empty where none is."""
    names = {agent.arn: agent.name for agent in o.account.spec.agents} if o.account is not None else {}
    return ", ".join(
        f"agent '{names.get(arn) or described.get('name') or arn.rsplit('/', 1)[-1]}' ({arn}) is {described['status']}"
        for arn, described in o.agents.items()
        if described.get("status") not in {None, "ONLINE"}
    )
