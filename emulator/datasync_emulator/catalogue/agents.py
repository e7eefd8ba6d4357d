"""The operations on agents, and what locations and tasks ask of them.

An agent is a virtual machine at the user's, which the emulator does not have: it says of itself that it is online until
a test says otherwise, and serves one task mode.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from datasync_emulator.catalogue.options import BASIC, ENHANCED
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Agent
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler

ENHANCED_KEY = "ENHNC"
"""How an activation key begins that belongs to an agent for Enhanced mode."""
_MOST_PER_MODE = 4
_VERSIONS = {BASIC: "1", ENHANCED: "2"}


@dataclass(frozen=True)
class Agents:
    """Creates, describes, updates, deletes and lists agents."""

    catalogue: Catalogue
    on_change: Callable[[Caller, Agent], None]

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of every operation on agents, by the operation's name."""
        return {
            "CreateAgent": self.create,
            "DescribeAgent": self.describe,
            "UpdateAgent": self.update,
            "DeleteAgent": self.delete,
            "ListAgents": self.list_all,
        }

    def create(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CreateAgent; any key will do."""
        tags = tag_map(params.get("Tags", []))
        key = params["ActivationKey"]
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            agent = Agent(
                arn=self.catalogue.new_arn(caller, "agent", "agent"),
                serial=self.catalogue.serial(),
                created=caller.now,
                name=params.get("AgentName") or None,
                mode=ENHANCED if key.startswith(ENHANCED_KEY) else BASIC,
                endpoint=_private_link(params),
                last_seen=caller.now,
            )
            realm.agents[agent.arn] = agent
            realm.tags[agent.arn] = tags
        self.on_change(caller, agent)
        return {"AgentArn": agent.arn}

    def describe(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeAgent."""
        agent = self.catalogue.realm(caller).agent(params["AgentArn"])
        return _entry(agent) | {
            "LastConnectionTime": caller.now if agent.online else agent.last_seen,
            "CreationTime": agent.created,
            "EndpointType": "PRIVATE_LINK" if agent.endpoint else "PUBLIC",
            "PrivateLinkConfig": agent.endpoint,
        }

    def update(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateAgent: its name."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            agent = realm.agent(params["AgentArn"])
            realm.agents[agent.arn] = replace(agent, name=params.get("Name", agent.name) or None)
        return {}

    def delete(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DeleteAgent; refused while a location uses it."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            agent = realm.agent(params["AgentArn"])
            users = [each.arn for each in realm.locations.values() if agent.arn in each.spec.agent_arns]
            if users:
                raise invalid_request(f"Agent {agent.id} is in use by {', '.join(users)}: delete the location first.")
            del realm.agents[agent.arn]
            del realm.tags[agent.arn]
        return {}

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListAgents."""
        with self.catalogue.lock:
            found = [each for each in self.catalogue.realm(caller).agents.values() if caller.sees(each.created)]
        shown, token = page(found, lambda agent: agent.serial, params)
        return {"Agents": [_entry(agent) for agent in shown], "NextToken": token}

    def set_online(self, caller: Caller, arn: str, *, online: bool) -> Agent:
        """Say that an agent is, or is no longer, in touch with DataSync.

        Raises:
            ApiError: InvalidRequestException where there is no such agent.
        """
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            agent = replace(realm.agent(arn), online=online, last_seen=caller.now)
            realm.agents[arn] = agent
        self.on_change(caller, agent)
        return agent

    def check(self, caller: Caller, arns: Iterable[str]) -> None:
        """Refuse agents that a location can't have.

        Raises:
            ApiError: InvalidRequestException for one that does not exist, and for more than four of a mode.
        """
        found = [self.catalogue.realm(caller).agent(arn) for arn in dict.fromkeys(arns)]
        for mode in (BASIC, ENHANCED):
            count = sum(agent.mode == mode for agent in found)
            if count > _MOST_PER_MODE:
                raise invalid_request(f"{count} {mode} agents are more than a location can have: at most 4.")

    def of_mode(self, caller: Caller, arns: Iterable[str], mode: str) -> list[Agent]:
        """The agents that a task in a mode uses; one that is gone is left out."""
        known = self.catalogue.realm(caller).agents
        return [known[arn] for arn in arns if arn in known and known[arn].mode == mode]


def _entry(agent: Agent) -> JsonObject:
    entry = {
        "AgentArn": agent.arn,
        "Name": agent.name,
        "Status": "ONLINE" if agent.online else "OFFLINE",
        "Platform": {"Version": _VERSIONS[agent.mode]},
    }
    return {name: value for name, value in entry.items() if value is not None}


def _private_link(params: JsonObject) -> JsonObject | None:
    if "VpcEndpointId" not in params:
        return None
    return {
        "VpcEndpointId": params["VpcEndpointId"],
        "PrivateLinkEndpoint": "192.0.2.1",
        "SubnetArns": params.get("SubnetArns", []),
        "SecurityGroupArns": params.get("SecurityGroupArns", []),
    }
