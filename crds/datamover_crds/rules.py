"""What must hold between fields: a model states its rules once, for the API server in CEL and for itself in Python.

Both sides say the same about every object; `tests/cluster/test_schema_agreement.py` holds them to it.

CEL of Kubernetes: https://kubernetes.io/docs/reference/using-api/cel/. A rule that comes from AWS names its API page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Rule:
    """What holds for every object of the model that states it.

    `field_path` leads from the object to the field to change, in wire names; it is empty for the object as a whole.
    `shown` is a CEL string that tells what was found there, for the API server's message.
    """

    field_path: str
    cel: str
    holds: Callable[[Any], bool]
    message: str
    shown: str = ""


@dataclass(frozen=True, slots=True)
class Transition:
    """What holds between an object before (`oldSelf`) and after (`self`) an update: only the API server has both."""

    field_path: str
    cel: str
    message: str


def immutable(field: str, instead: str) -> Transition:
    """A field that keeps the value that the object was created with; `instead` says what to do."""
    return Transition(f".{field}", _unchanged(field), f"can't be changed; {instead}")


def fixed_once(condition: str, field: str, message: str) -> Transition:
    """A field that keeps its value as soon as a condition in CEL holds, which looks at what `oldSelf` has in status."""
    return Transition(f".{field}", f"!({condition}) || {_unchanged(field)}", message)


def _unchanged(field: str) -> str:
    return f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"


def validations(rules: Iterable[Rule], transitions: Iterable[Transition]) -> list[dict[str, str]]:
    """Rules and transitions as a schema's `x-kubernetes-validations`."""
    ruled = [
        _validation(rule)
        | ({"messageExpression": f"({rule.shown}) + {json.dumps(f': {rule.message}')}"} if rule.shown else {})
        | _place(rule)
        for rule in rules
    ]
    return ruled + [_validation(transition) | _place(transition) for transition in transitions]


def _validation(rule: Rule | Transition) -> dict[str, str]:
    return {"rule": rule.cel, "message": rule.message}


def _place(rule: Rule | Transition) -> dict[str, str]:
    """The field to name, apart from metadata, which has no schema of ours to lead into."""
    is_ours = rule.field_path and not rule.field_path.startswith(".metadata")
    return {"fieldPath": rule.field_path} if is_ours else {}
