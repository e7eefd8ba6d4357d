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
    _immutable("DataMoverSpec", "accountRef", "accepted is the value it was created with: make another mover instead"),
    _immutable("DataMoverSpec", "taskMode", "accepted is the value it was created with: make another mover instead"),
    *(
        _immutable("DataMoverRunSpec", field, "of a run only cancel and bytesPerSecond can: make another run instead")
        for field in ("moverRef", "overrideOptions", "includes", "excludes")
    ),
    Transition(
        model="DataMoverRunSpec",
        field_path=".cancel",
        cel="!has(oldSelf.cancel) || !oldSelf.cancel || has(self.cancel) && self.cancel",
        message="a cancelled run can't be resumed; accepted is true: make another run instead",
    ),
    *(
        _immutable("DataMoverAccountSpec", field, "accepted is the value it was created with: make another account")
        for field in ("accountId", "region")
    ),
)
