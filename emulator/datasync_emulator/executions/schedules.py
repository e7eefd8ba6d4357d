"""Starts the executions that schedules are due for."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from datasync_emulator.catalogue.records import Schedule, Task
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.clock import Clock
from datasync_emulator.errors import ApiError
from datasync_emulator.executions.cron import parse
from datasync_emulator.messages import Caller, JsonObject

_log = logging.getLogger(__name__)
_FAILURES_UNTIL_DISABLED = 3

Start = Callable[[Caller, JsonObject], JsonObject]
"""StartTaskExecution."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is due next, for one schedule as it was set."""

    schedule: Schedule
    due: datetime | None
    failures: int = 0


@dataclass
class Schedules:
    """Looks, whenever asked, which tasks are due. AWS does not say after how many failures it disables: here 3."""

    catalogue: Catalogue
    clock: Clock
    start: Start
    _plans: dict[str, _Plan] = field(default_factory=dict)

    def tick(self) -> None:
        """Start what is due; what was missed more than once is started once."""
        now = self.clock()
        with self.catalogue.lock:
            scheduled = [
                (Caller(account, region, now), task)
                for account, region, realm in self.catalogue.realms()
                for task in realm.tasks.values()
                if task.schedule is not None and task.schedule.enabled
            ]
            self._plans = {task.arn: self._plan(task) for _, task in scheduled}
            for caller, task in scheduled:
                plan = self._plans[task.arn]
                if plan.due is not None and plan.due <= now:
                    self._plans[task.arn] = self._run(caller, task, plan)

    def _plan(self, task: Task) -> _Plan:
        schedule = task.schedule
        assert schedule is not None  # noqa: S101 - tick chose it so
        known = self._plans.get(task.arn)
        if known is not None and known.schedule == schedule:
            return known
        return _Plan(schedule, parse(schedule.expression).after(schedule.changed, schedule.changed))

    def _run(self, caller: Caller, task: Task, plan: _Plan) -> _Plan:
        failures = 0
        try:
            self.start(caller, {"TaskArn": task.arn})
        except ApiError as error:
            failures = plan.failures + 1
            _log.warning("the schedule of %s could not start it: %s", task.arn, error.message)
            if failures == _FAILURES_UNTIL_DISABLED:
                self._disable(caller, task, error.message)
        due = parse(plan.schedule.expression).after(caller.now, plan.schedule.changed)
        return replace(plan, due=due, failures=failures)

    def _disable(self, caller: Caller, task: Task, reason: str) -> None:
        assert task.schedule is not None  # noqa: S101 - tick chose it so
        schedule = replace(
            task.schedule, enabled=False, changed=caller.now, disabled_by="SERVICE", disabled_reason=reason
        )
        self.catalogue.realm(caller).tasks[task.arn] = replace(task, schedule=schedule)
