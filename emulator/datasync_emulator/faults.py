"""Faults: what a test wants to go wrong, with which call or in which state of an execution.

A rule selects by service, operation, account, region and top-level parameters (`where`), or by an execution's
`state`; the first `after` matches are let pass, the next `count` (null: all) are hit. It does exactly one thing:

- `error` {code, message, status, effect, retryAfter}: the call is refused so (with `effect` true only after its effect,
  as internal errors may); an execution ends in ERROR with that code and message.
- `delayMs`: it takes that much longer.
- `drop` "before" or "after" the effect: the connection closes without an answer.
- `hold` "before" or "after" the effect: it waits until the fault is released or removed.
- `lagMs`: a listing does not show what was created within that time.
- `answer` {members}, with `service` datasync or resourcegroupstaggingapi: the answer has these members, too, or with
  these values; objects within are merged. So a test has a state that passes too soon, or a later DataSync's member.

A call or state is hit by the first fault that matches it.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from datasync_emulator.errors import ApiError, validation_error
from datasync_emulator.messages import Call, JsonObject

PROCEED = "proceed"
DROP = "drop"
ACTIONS = ("error", "delayMs", "drop", "hold", "lagMs", "answer")
_SELECTORS = ("service", "operation", "account", "region", "state")
_MEMBERS = frozenset({*ACTIONS, *_SELECTORS, "where", "count", "after"})
_MODELLED = ("datasync", "resourcegroupstaggingapi")
_LISTS = frozenset({"ListLocations", "ListTasks", "ListTaskExecutions", "GetResources"})


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault as a test wrote it; `value` is the action's."""

    action: str
    value: Any
    select: Mapping[str, str]
    where: Mapping[str, object]
    count: int | None
    after: int

    @property
    def state(self) -> str | None:
        """The execution state that it is about; None where it is about calls."""
        return self.select.get("state")


def parse_rule(given: JsonObject) -> Rule:
    """Read a rule.

    Raises:
        ApiError: ValidationException naming the member, its value and what it may be.
    """
    for name in given.keys() - _MEMBERS:
        raise validation_error(f"fault: '{name}' is not known; known are: {', '.join(sorted(_MEMBERS))}")
    actions = [name for name in ACTIONS if name in given]
    if len(actions) != 1:
        raise validation_error(
            f"fault: give exactly one of {', '.join(ACTIONS)}; found: {', '.join(actions) or 'none'}"
        )
    action, select = actions[0], {name: given[name] for name in _SELECTORS if given.get(name) is not None}
    _check_action(action, given[action], select)
    for name, value in select.items():
        _expect(name, value, isinstance(value, str), "a string")
    where, count, after = given.get("where", {}), given.get("count", 1), given.get("after", 0)
    _expect("where", where, isinstance(where, dict), "an object of parameter names and values")
    _expect("count", count, count is None or (_is_number(count) and count > 0), "a positive number or null")
    _expect("after", after, _is_number(after), "a number from 0")
    return Rule(action, given[action], select, where, count, after)


def _check_action(action: str, value: Any, select: Mapping[str, str]) -> None:  # noqa: ANN401 - JSON from outside
    match action:
        case "error":
            has_code = isinstance(value, dict) and isinstance(value.get("code"), str)
            _expect(
                action, value, has_code, "an object with code and, if wanted, message, status, effect and retryAfter"
            )
        case "answer":
            _expect(action, value, isinstance(value, dict) and bool(value), "an object of members and values")
        case "delayMs" | "lagMs":
            _expect(action, value, _is_number(value), "a number of milliseconds from 0")
        case _:
            _expect(action, value, value in ("before", "after"), '"before" or "after" (the effect)')
    if action == "answer":
        _expect("service", select.get("service"), select.get("service") in _MODELLED, f"one of {list(_MODELLED)}")
    if action == "lagMs":
        _expect("operation", select.get("operation"), select.get("operation") in _LISTS, f"one of {sorted(_LISTS)}")
    if "state" in select:
        _expect("state", select["state"], action in ("error", "delayMs", "hold"), "used with error, delayMs or hold")
    elif "operation" not in select:
        raise validation_error("fault: give operation (of a call), or state (of an execution)")


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _expect(name: str, value: object, holds: bool, wanted: str) -> None:  # noqa: FBT001 - an assertion
    if not holds:
        raise validation_error(f"fault: {name} is {value!r}; it must be {wanted}")


@dataclass(eq=False)
class Fault:
    """A rule in force: how often it has hit, how many wait on it, and how they will be let go."""

    number: int
    rule: Rule
    seen: int = 0
    hits: int = 0
    held: int = 0
    released: Future[str] = field(default_factory=Future)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def holding(self) -> Iterator[Future[str]]:
        """Count as held until the block is left; gives what to wait for."""
        self._count(1)
        try:
            yield self.released
        finally:
            self._count(-1)

    def _count(self, change: int) -> None:
        with self._lock:
            self.held += change

    def release(self, outcome: str) -> None:
        """Let those that wait, and later ones, go on (or be dropped)."""
        if not self.released.done():
            self.released.set_result(outcome)

    def shown(self) -> JsonObject:
        """The fault as the control endpoint gives it."""
        rule = self.rule
        return {
            "id": self.number,
            **rule.select,
            rule.action: rule.value,
            "where": dict(rule.where),
            "count": rule.count,
            "after": rule.after,
            "hits": self.hits,
            "held": self.held,
            "released": self.released.done(),
        }


class Faults:
    """The faults in force, oldest first. Calls ask in the event loop, executions in their threads."""

    def __init__(self) -> None:
        """Start with none."""
        self._lock = threading.Lock()
        self._faults: list[Fault] = []
        self._numbers = itertools.count(1)

    def add(self, rule: Rule) -> Fault:
        """Put a rule in force."""
        with self._lock:
            fault = Fault(next(self._numbers), rule)
            self._faults.append(fault)
        return fault

    def all(self) -> list[Fault]:
        """Those in force, used up ones included."""
        with self._lock:
            return list(self._faults)

    def find(self, number: int) -> Fault:
        """Find one.

        Raises:
            ApiError: ResourceNotFoundException.
        """
        for fault in self.all():
            if fault.number == number:
                return fault
        raise ApiError("ResourceNotFoundException", f"fault {number} does not exist", 404)

    def remove(self, number: int) -> None:
        """Lift one; what waits on it goes on."""
        fault = self.find(number)
        with self._lock:
            self._faults.remove(fault)
        fault.release(PROCEED)

    def clear(self) -> None:
        """Lift all."""
        for fault in self.all():
            self.remove(fault.number)

    def for_call(self, call: Call) -> Fault | None:
        """The fault that hits a call."""
        traits = {
            "service": call.service,
            "operation": call.operation,
            "account": call.caller.account,
            "region": call.caller.region,
        }
        return self._take(traits, call.params)

    def for_state(self, state: str, account: str, region: str) -> Fault | None:
        """The fault that hits an execution as it enters a state."""
        return self._take({"state": state, "account": account, "region": region}, {})

    def _take(self, traits: Mapping[str, str], params: Mapping[str, object]) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if not _matches(fault.rule, traits, params):
                    continue
                fault.seen += 1
                if fault.seen > fault.rule.after and (fault.rule.count is None or fault.hits < fault.rule.count):
                    fault.hits += 1
                    return fault
        return None


def _matches(rule: Rule, traits: Mapping[str, str], params: Mapping[str, object]) -> bool:
    return all(traits.get(name) == value for name, value in rule.select.items()) and all(
        params.get(name) == value for name, value in rule.where.items()
    )
