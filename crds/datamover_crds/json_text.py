"""JSON that anybody may have written: an annotation, a report, a policy, an object in the API server."""

from typing import cast

from pydantic import JsonValue
from pydantic_core import from_json


def read_json(text: str | bytes) -> JsonValue:
    """Read a document.

    Raises ValueError for what is no JSON, and for what is nested more than some 200 levels deep: whatever walks through
    a document calls itself, and the standard library's reader ends with a RecursionError, which no caller expects.
    """
    return cast("JsonValue", from_json(text.encode() if isinstance(text, str) else text))
