"""Notices when a task's Status has changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from datasync_emulator.catalogue.records import Task
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.messages import Caller

Publish = Callable[[Caller, str, str, str], None]
"""Publishes that a resource (its kind, its ARN) is in a state."""


@dataclass
class TaskWatch:
    """Publishes each task's Status whenever a look finds it changed."""

    catalogue: Catalogue
    status: Callable[[Caller, Task], str]
    publish: Publish
    _last: dict[str, str] = field(default_factory=dict)

    def look_at(self, caller: Caller, arn: str) -> None:
        """Look at one task of a caller's."""
        with self.catalogue.lock:
            task = self.catalogue.realm(caller).tasks.get(arn)
            if task is None:
                self._last.pop(arn, None)
                return
            status = self.status(caller, task)
            if self._last.get(arn) == status:
                return
            self._last[arn] = status
        self.publish(caller, "Task", arn, status)

    def look_for_changes(self, now: datetime) -> None:
        """Look at the tasks whose Status changes by itself: new ones, and those that are being created."""
        for account, region, realm in self.catalogue.realms():
            for arn in [*realm.tasks]:
                if self._last.get(arn, "CREATING") == "CREATING":
                    self.look_at(Caller(account, region, now), arn)

    def look_at_all(self, caller: Caller) -> None:
        """Look at every task of a caller's, for an agent has changed."""
        with self.catalogue.lock:
            arns = [*self.catalogue.realm(caller).tasks]
        for arn in arns:
            self.look_at(caller, arn)
