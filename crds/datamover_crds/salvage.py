"""What can be read of a stored object that its model refuses: enough to clean up after it.

An object may have been stored before a rule was made stricter, or while nobody checked. It still has to be deleted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, cast

from datamover_crds.codec import InvalidObject, parse
from datamover_crds.common import JsonObject, Model
from datamover_crds.meta import Resource

M = TypeVar("M", bound=Resource)


def salvage(model: type[M], obj: Mapping[str, Any]) -> M:
    """Read metadata, spec and status each as far as they fit: a member that does not is left out.

    Required members that can't be read are replaced by their model's `stand_ins`, which name nothing that exists. What
    comes of it serves for cleaning up, never for making something.
    """
    parts: dict[str, Any] = {
        name: _readable(cast("type[Model]", model.model_fields[name].annotation), obj.get(name))
        for name in ("metadata", "spec", "status")
    }
    return cast("M", model.model_construct(**parts))


def _readable(part: type[Model], found: object) -> Model:
    members: dict[str, Any] = part.current_form(found) if isinstance(found, dict) else {}
    stand_ins: JsonObject = getattr(part, "stand_ins", {})
    while True:
        try:
            return parse(part, members)
        except InvalidObject as refused:
            bad = {problem.path.split(".")[0].split("[")[0] for problem in refused.problems}
        left = {name: value for name, value in members.items() if name not in bad}
        left |= {name: _readable(part, members.get(name)) for name, part in _defaulted(part).items() if name in bad}
        left |= {name: value for name, value in stand_ins.items() if name in bad}
        if left == members:
            return parse(part, stand_ins)
        members = left


def _defaulted(part: type[Model]) -> dict[str, type[Model]]:
    """The members that are objects, and complete even when empty: what fits in them is worth keeping."""
    fields = {field.alias or name: field for name, field in part.model_fields.items() if not field.is_required()}
    return {
        name: field.annotation
        for name, field in fields.items()
        if isinstance(field.annotation, type) and issubclass(field.annotation, Model)
    }
