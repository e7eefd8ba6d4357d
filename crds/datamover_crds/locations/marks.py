"""What is to be known of a location's fields: each fact is a mark on the field itself.

    s3_storage_class: Annotated[StorageClass | None, Updatable("STANDARD")] = None

A location's field without `Updatable` can't be changed in place: another value takes another location.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args, get_origin

from pydantic import GetJsonSchemaHandler, JsonValue
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from datamover_crds.arns import FORMS, ArnKind
from datamover_crds.common import Model
from datamover_crds.words import QUOTED, in_words


@dataclass(frozen=True, slots=True)
class ArnOf:
    """The field is an ARN of this kind, or a list of such ARNs."""

    kind: ArnKind

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Let the API server say which ARN is meant, with an example, where it finds something else."""
        node = handler(schema)
        target = next((each for each in node.get("anyOf", ()) if each.get("type") != "null"), node)
        target = target.get("items", target)
        if target.pop("pattern", None) is not None:
            form = FORMS[self.kind]
            in_words(target, "self.startsWith('arn:')", form.accepted, QUOTED)
        return node


@dataclass(frozen=True, slots=True)
class Updatable:
    """The type's UpdateLocation operation takes the field.

    `default` is what AWS documents for a field that is not given: one that leaves the spec goes back to it. Within a
    field that is an object, the object's own fields say theirs.
    """

    default: JsonValue = None


@dataclass(frozen=True, slots=True)
class Secret:
    """The field names a key of a Kubernetes Secret, whose value is sent in its place: as text or as bytes."""

    form: Literal["text", "bytes"] = "text"


@dataclass(frozen=True, slots=True)
class OperatorsOwn:
    """The field is none of DataSync's: it tells the operator what to do."""


@dataclass(frozen=True, slots=True)
class AgentNames:
    """The field holds names of the account's agents, whose ARNs are sent in the field `arns`. Not DataSync's."""

    arns: str


Mark = ArnOf | Updatable | Secret | OperatorsOwn | AgentNames


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a model: its name on the wire and in Python, the model that it holds, if any, and its marks."""

    name: str
    attribute: str
    model: type[Model] | None
    arn: ArnKind | None = None
    updatable: Updatable | None = None
    secret: Secret | None = None
    agent_names: AgentNames | None = None
    is_operators: bool = False

    @property
    def is_sent(self) -> bool:
        """Whether requests hold the field as it is declared."""
        return not (self.is_operators or self.secret or self.agent_names)


@lru_cache(maxsize=256)
def members_of(model: type[Model]) -> tuple[Member, ...]:
    """A model's fields in their order."""
    return tuple(
        _member(field.alias or attribute, attribute, _model_in(field.annotation), field.metadata)
        for attribute, field in model.model_fields.items()
    )


def _member(name: str, attribute: str, model: type[Model] | None, marks: list[object]) -> Member:
    return Member(
        name,
        attribute,
        model,
        arn=next((mark.kind for mark in marks if isinstance(mark, ArnOf)), None),
        updatable=next((mark for mark in marks if isinstance(mark, Updatable)), None),
        secret=next((mark for mark in marks if isinstance(mark, Secret)), None),
        agent_names=next((mark for mark in marks if isinstance(mark, AgentNames)), None),
        is_operators=any(isinstance(mark, OperatorsOwn) for mark in marks),
    )


def _model_in(annotation: object) -> type[Model] | None:
    """The model of a field that holds one, or may hold one."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        return annotation
    is_list = get_origin(annotation) is tuple
    return next((found for each in get_args(annotation) if not is_list and (found := _model_in(each))), None)
