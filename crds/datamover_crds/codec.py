"""From Kubernetes objects to models and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from pydantic import ValidationError

from datamover_crds.common import JsonObject, Model

M = TypeVar("M", bound=Model)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an object: the field's path on the wire, the value found there, and what is accepted."""

    path: str
    value: object
    accepted: str

    def __str__(self) -> str:
        """Say it in one line."""
        return f"{self.path}: {self.value!r}: {self.accepted}"


class InvalidObject(Exception):  # noqa: N818 - says what it is about
    """An object that its model refuses; `problems` has at least one entry, and the text holds all of them."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        """Keep the problems."""
        super().__init__("; ".join(map(str, problems)))
        self.problems = problems


def parse(model: type[M], obj: Mapping[str, Any]) -> M:
    """Read a JSON object, with camelCase members, as a model. Raises InvalidObject."""
    try:
        return model.model_validate(obj, by_alias=True, by_name=False)
    except ValidationError as error:
        raise InvalidObject(
            tuple(Problem(".".join(map(str, e["loc"])), e["input"], e["msg"]) for e in error.errors())
        ) from None


def dump(model: Model) -> JsonObject:
    """Write a model as a JSON object with camelCase members, without what is absent."""
    return cast("JsonObject", model.model_dump(mode="json", by_alias=True))
