"""What a pattern accepts, in words: neither people nor the API server's messages should have to quote an expression."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, ValidationError, ValidatorFunctionWrapHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

if TYPE_CHECKING:
    from pydantic.json_schema import JsonSchemaValue


def in_words(node: JsonSchemaValue, rule: str, accepted: str, shown: str) -> None:
    """Have the API server check a value by a rule in CEL that says what was found (`shown`, CEL) and is accepted.

    A message that spans lines is not shown: where the value does, what is accepted is said alone.
    """
    message = f"({shown}) + {json.dumps(f': {accepted}')}"
    node["x-kubernetes-validations"] = [{"rule": rule, "message": accepted, "messageExpression": message}]


QUOTED = '''"'" + self + "'"'''
"""The text that was found, for `in_words`."""


@dataclass(frozen=True, slots=True)
class Words:
    """Says what a text must be that its pattern refuses: stands behind the Field that has the pattern."""

    accepted: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Keep the pattern, with another message."""
        return core_schema.no_info_wrap_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Have the API server check the pattern by a rule, whose message is ours."""
        node = handler(schema)
        in_words(node, f"self.matches({json.dumps(node.pop('pattern'))})", self.accepted, QUOTED)
        return node

    def _checked(self, value: object, check: ValidatorFunctionWrapHandler) -> object:
        try:
            return check(value)
        except ValidationError as error:
            if all(each["type"] == "string_pattern_mismatch" for each in error.errors(include_url=False)):
                kind, context = "words", {"accepted": self.accepted}
                raise PydanticCustomError(kind, "{accepted}", context) from None
            raise


@dataclass(frozen=True, slots=True)
class NumberRule:
    """Refuses some numbers within the bounds of the Field before it; `cel` and `holds` say the same."""

    cel: str
    holds: Callable[[int], bool]
    accepted: str

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check what the bounds have let pass."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        """Have the API server check the same; it tells the number itself."""
        return handler(schema) | {"x-kubernetes-validations": [{"rule": self.cel, "message": self.accepted}]}

    def _checked(self, value: int) -> int:
        if not self.holds(value):
            kind, context = "words", {"accepted": self.accepted}
            raise PydanticCustomError(kind, "{accepted}", context)
        return value


NO_NUL: Final = "^[^\\x00]+$"
WITHOUT_NUL: Final = Words("must not hold a NUL character")
"""For texts that may hold anything else; stands behind a Field with the pattern `NO_NUL`."""
