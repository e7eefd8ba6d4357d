"""Where records are kept: in memory, one realm for each account and region."""

from __future__ import annotations

import itertools
import threading
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from datasync_emulator.catalogue.records import Agent, Location, Task
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller


@dataclass(slots=True)
class Realm:
    """What one account has in one Region; tags by the ARN of the agent, location, task or execution."""

    agents: dict[str, Agent] = field(default_factory=dict)
    locations: dict[str, Location] = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)

    def agent(self, arn: str) -> Agent:
        """Find an agent.

        Raises:
            ApiError: InvalidRequestException, worded as AWS does.
        """
        found = self.agents.get(arn)
        if found is None:
            raise invalid_request(f"Agent {arn.rpartition('/')[2]} is not found.")
        return found

    def location(self, arn: str) -> Location:
        """Find a location.

        Raises:
            ApiError: InvalidRequestException, worded as AWS does ("not found" is what clients look for).
        """
        found = self.locations.get(arn)
        if found is None:
            raise invalid_request(f"Location {arn.rpartition('/')[2]} is not found.")
        return found

    def task(self, arn: str) -> Task:
        """Find a task.

        Raises:
            ApiError: InvalidRequestException, worded as AWS does.
        """
        found = self.tasks.get(arn)
        if found is None:
            raise invalid_request(f"Task {arn.rpartition('/')[2]} is not found.")
        return found


class Catalogue:
    """All realms. A caller that reads and then writes holds `lock` in between (it may be taken again within)."""

    def __init__(self, random_hex: Callable[[int], str]) -> None:
        """Start empty; `random_hex(n)` gives n hexadecimal digits for ids."""
        self.lock = threading.RLock()
        self._realms: defaultdict[tuple[str, str], Realm] = defaultdict(Realm)
        self._serials = itertools.count(1)
        self._random_hex = random_hex

    def realm(self, caller: Caller) -> Realm:
        """The realm that a caller speaks to."""
        return self._realms[caller.account, caller.region]

    def location(self, caller: Caller, arn: str) -> Location:
        """Find a location of a caller's account, in whichever Region.

        Raises:
            ApiError: InvalidRequestException, worded as AWS does.
        """
        region = arn.split(":")[3]
        return self._realms[caller.account, region].location(arn)

    def realms(self) -> list[tuple[str, str, Realm]]:
        """Every (account, region, realm)."""
        with self.lock:
            return [(account, region, realm) for (account, region), realm in self._realms.items()]

    def serial(self) -> int:
        """A number greater than every earlier one."""
        return next(self._serials)

    def new_arn(self, caller: Caller, kind: str, prefix: str) -> str:
        """A fresh ARN, such as kind "location", prefix "loc": 0 and 16 hexadecimal digits, as AWS's own look."""
        base = f"arn:{caller.partition}:datasync:{caller.region}:{caller.account}"
        return f"{base}:{kind}/{prefix}-0{self._random_hex(16)}"

    def new_execution_arn(self, task_arn: str) -> str:
        """A fresh ARN of an execution of a task."""
        return f"{task_arn}/execution/exec-0{self._random_hex(16)}"

    def clear(self) -> None:
        """Forget everything."""
        with self.lock:
            self._realms.clear()
