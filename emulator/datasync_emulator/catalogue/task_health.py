"""Whether a task could run now: its agents are online, what its locations name is there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from datasync_emulator.catalogue.agents import Agents
from datasync_emulator.catalogue.locations import LocationSpec
from datasync_emulator.catalogue.records import Agent, Location, Task
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.errors import ApiError
from datasync_emulator.messages import Caller


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a task is UNAVAILABLE, as DescribeTask shows it."""

    code: str
    detail: str


@dataclass(frozen=True)
class TaskHealth:
    """Looks at a task's locations. `unreachable` says why an agent could not mount a location, if it could not."""

    catalogue: Catalogue
    agents: Agents
    unreachable: Callable[[LocationSpec], str | None]

    def problem(self, caller: Caller, task: Task) -> Problem | None:
        """What keeps the task from running."""
        for location in self.locations(caller, task):
            for agent in self.agents_of(caller, location, task.mode):
                if not agent.online:
                    detail = f"Location {location.id} can't be reached: agent {agent.id} is offline."
                    return Problem("AgentOffline", detail)
            reason = self.unreachable(location.spec) if location.spec.agent_arns else None
            if reason:
                return Problem("MountFailed", f"Task failed to access location {location.id}: x40016: {reason}")
        return None

    def locations(self, caller: Caller, task: Task) -> list[Location]:
        """The task's locations; one that is gone is left out."""
        found = []
        for arn in (task.source_arn, task.destination_arn):
            try:
                found.append(self.catalogue.location(caller, arn))
            except ApiError:
                continue
        return found

    def agents_of(self, caller: Caller, location: Location, mode: str) -> list[Agent]:
        """A location's agents that serve a task mode."""
        return self.agents.of_mode(caller, location.spec.agent_arns, mode)
