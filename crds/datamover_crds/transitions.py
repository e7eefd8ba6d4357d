"""What may not change in an update: rules for the API server alone, because only it has the old object."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transition:
    """What holds between an object of a model before (`oldSelf`) and after (`self`) an update."""

    model: str
    field_path: str
    cel: str
    message: str


def _unchanged(field: str) -> str:
    return f"has(self.{field}) == has(oldSelf.{field}) && (!has(self.{field}) || self.{field} == oldSelf.{field})"


def _immutable(model: str, field: str, instead: str) -> Transition:
    return Transition(model, f".{field}", _unchanged(field), f"can't be changed; {instead}")


TRANSITIONS: tuple[Transition, ...] = (
    _immutable("DataMoverSpec", "accountRef", "create another mover instead"),
    _immutable("DataMoverSpec", "taskMode", "create another mover instead"),
    *(
        _immutable("DataMoverRunSpec", field, "of a run only cancel and bytesPerSecond can: create another run instead")
        for field in ("moverRef", "overrideOptions", "includes", "excludes")
    ),
    Transition(
        model="DataMoverRunSpec",
        field_path=".cancel",
        cel="!has(oldSelf.cancel) || !oldSelf.cancel || has(self.cancel) && self.cancel",
        message="a cancelled run can't be resumed; create another run instead",
    ),
    *(_immutable("DataMoverAccountSpec", field, "create another account instead") for field in ("accountId", "region")),
)
