"""The Create* calls that one pass may send, as its intent names them before the first is sent (invariant I1).

In status a call is a text, such as `CreateRole source dm-0123-src`; only this module writes and reads those.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import assert_never

from datamover_crds import Intent
from datamover_crds.contract import TASK_CALL, location_call
from datamover_operator.movers.plan.names import SIDES, Side


@dataclass(frozen=True, slots=True)
class RoleCall:
    """CreateRole by the name that the spec asks for; where others have that name, by the one with our suffix."""

    side: Side
    name: str


@dataclass(frozen=True, slots=True)
class LocationCall:
    """CreateLocation*."""

    side: Side


@dataclass(frozen=True, slots=True)
class TaskCall:
    """CreateTask."""


Call = RoleCall | LocationCall | TaskCall


def dump_call(call: Call) -> str:
    """The text that stands for a call in status."""
    match call:
        case RoleCall():
            return f"CreateRole {call.side} {call.name}"
        case LocationCall():
            return location_call(call.side)
        case TaskCall():
            return TASK_CALL
        case _:
            assert_never(call)


def calls_of(intent: Intent | None) -> tuple[Call | None, ...]:
    """The calls that a stored intent allows; None stands for a text that is none of ours."""
    return tuple(map(_parse_call, intent.calls)) if intent is not None else ()


def is_answered(intent: Intent, parts: Collection[str]) -> bool:
    """Whether the found `parts` are all that an intent allows to be made; roles are looked up by their names."""
    return all(_is_found(call, parts) for call in calls_of(intent))


def _is_found(call: Call | None, parts: Collection[str]) -> bool:
    match call:
        case RoleCall():
            return True
        case LocationCall():
            return call.side in parts
        case TaskCall():
            return "task" in parts
        case None:
            return False
        case _:
            assert_never(call)


def _parse_call(text: str) -> Call | None:
    locations = {location_call(side): LocationCall(side) for side in SIDES}
    match text.split(" "):
        case ["CreateRole", word, name] if side := _side(word):
            return RoleCall(side, name)
        case _:
            return TaskCall() if text == TASK_CALL else locations.get(text)


def _side(word: str) -> Side | None:
    return next((side for side in SIDES if side == word), None)
