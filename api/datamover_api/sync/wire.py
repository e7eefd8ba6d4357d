"""What clients send, and how it is read: strictly, with the path of each field that is wrong."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError
from pydantic.alias_generators import to_camel

from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_crds import JsonObject
from datamover_crds.codec import requirement

W = TypeVar("W", bound=BaseModel)
Text = Annotated[str, Field(min_length=1, max_length=2048)]
Interval = Annotated[str, Field(min_length=2, max_length=30)] | Annotated[int, Field(ge=1, le=9_999_999)]
Tables = Annotated[list[Annotated[str, Field(min_length=1, max_length=127)]], Field(min_length=1, max_length=1000)]
_LONE_SURROGATE: Final = re.compile("[\ud800-\udfff]")


class _Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True, strict=True, extra="forbid", alias_generator=to_camel, use_attribute_docstrings=True
    )


class Webhook(_Wire):
    """Where events are sent to."""

    url: Text
    """An address that the operator's settings allow."""
    events: Annotated[list[Text], Field(max_length=20)] | None = None
    """The events to send; all where none is given."""
    secret: Text | None = None
    """The secret that requests are signed with (Standard Webhooks); it is never shown again."""


class CreateSync(_Wire):
    """A new sync."""

    source: dict[str, JsonValue]
    """Where data comes from: its `type`, and a `url` or the members of a location of that type."""
    destination: dict[str, JsonValue]
    """Where data goes to, in the same form."""
    tables: Tables | None = None
    """The tables to keep in sync, as `name` or `schema.name`. Databases only, and required there."""
    sync_interval: Interval | None = None
    """How often to sync: a duration such as `30s`, `5m` or `1h30m`, or a number of seconds."""
    webhook: Webhook | None = None
    """Where events are sent to."""
    paused: bool = False
    """Nothing is synced while true."""


class ChangeSync(_Wire):
    """What changes; what is not given stays."""

    source: JsonValue = None
    """Can't be changed."""
    destination: JsonValue = None
    """Can't be changed."""
    tables: Tables | None = None
    """The tables to keep in sync from now on."""
    sync_interval: Interval | None = None
    """How often to sync from now on."""
    webhook: Webhook | None = None
    """Where events are sent to from now on; null: nowhere."""
    paused: bool | None = None
    """Whether nothing is synced."""


def read_body(model: type[W], body: bytes) -> W:
    """Read a body. Raises InvalidRequestError."""
    try:
        value = json.loads(body.decode(), parse_constant=_refuse)
        if not isinstance(value, dict):
            raise InvalidRequestError(Fault("", "the body must be a JSON object"))
        return model.model_validate(_clean(value))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise InvalidRequestError(Fault("", f"the body must be JSON: {error}")) from None
    except ValidationError as error:
        raise InvalidRequestError(*(_fault(each) for each in error.errors(include_url=False))) from None
    except ValueError as error:
        raise InvalidRequestError(Fault("", f"the body must be JSON: {error}")) from None


def _fault(error: Any) -> Fault:  # noqa: ANN401 - pydantic's own record
    steps = [step for step in error["loc"] if not (isinstance(step, str) and step.startswith("constrained"))]
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps if step not in {"str", "int"})
    told = {"missing": "a value is required", "extra_forbidden": "unknown member"}.get(error["type"])
    return Fault(path.lstrip("."), told or requirement(error))


def _clean(value: JsonValue) -> JsonValue:
    """The value without halves of characters, which nothing else takes."""
    if isinstance(value, str):
        return _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(each) for each in value]
    if isinstance(value, dict):
        cleaned: JsonObject = {_LONE_SURROGATE.sub("\ufffd", name): _clean(each) for name, each in value.items()}
        return cleaned
    return value


def _refuse(name: str) -> float:
    raise ValueError(f"{name} is no JSON")
