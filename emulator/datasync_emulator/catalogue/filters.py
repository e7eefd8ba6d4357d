"""The Filters of ListLocations and ListTasks. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime

from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import JsonObject

Matcher = Callable[[Mapping[str, object]], bool]
"""Says whether a record's attributes (filter name to a string, a datetime, or a tuple of strings) match."""

_ORDER: dict[str, Callable[[object, object], bool]] = {
    "LessThan": lambda value, wanted: value < wanted,  # type: ignore[operator]
    "LessThanOrEqual": lambda value, wanted: value <= wanted,  # type: ignore[operator]
    "GreaterThan": lambda value, wanted: value > wanted,  # type: ignore[operator]
    "GreaterThanOrEqual": lambda value, wanted: value >= wanted,  # type: ignore[operator]
    "Equals": lambda value, wanted: value == wanted,
    "In": lambda value, wanted: value == wanted,
}
_TEXT: dict[str, Callable[[str, str], bool]] = {
    "Equals": lambda value, wanted: value == wanted,
    "In": lambda value, wanted: value == wanted,
    "Contains": lambda value, wanted: wanted in value,
    "BeginsWith": lambda value, wanted: value.startswith(wanted),
    "LessThan": lambda value, wanted: value < wanted,
    "LessThanOrEqual": lambda value, wanted: value <= wanted,
    "GreaterThan": lambda value, wanted: value > wanted,
    "GreaterThanOrEqual": lambda value, wanted: value >= wanted,
}
_NEGATED = {"NotEquals": "Equals", "NotContains": "Contains"}


def matcher(filters: Iterable[JsonObject]) -> Matcher:
    """Compile filters: all must hold, each with any of its values (the negative ones with none).

    Raises:
        ApiError: InvalidRequestException for an operator or value that does not fit the filter.
    """
    checks = [_compile(rule["Name"], rule["Operator"], rule["Values"]) for rule in filters]
    return lambda record: all(check(record) for check in checks)


def _compile(name: str, operator: str, values: list[str]) -> Matcher:
    if not values:
        raise invalid_request(f"Filter {name} has no Values: give at least one.")
    positive = _NEGATED.get(operator, operator)
    holds = _time_test(operator, values) if name == "CreationTime" else _text_test(positive, values)
    return lambda record: holds(record[name]) is (positive == operator)


def _time_test(operator: str, values: list[str]) -> Callable[[object], bool]:
    compare = _ORDER.get(_NEGATED.get(operator, operator))
    if compare is None:
        raise invalid_request(f"Filter CreationTime does not take the operator {operator}; use: {', '.join(_ORDER)}.")
    wanted = [_moment(value) for value in values]
    return lambda value: any(compare(value, moment) for moment in wanted)


def _text_test(operator: str, values: list[str]) -> Callable[[object], bool]:
    compare = _TEXT[operator]
    return lambda value: any(compare(text, wanted) for text in _texts(value) for wanted in values)


def _texts(value: object) -> tuple[str, ...]:
    return value if isinstance(value, tuple) else (str(value),)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        message = f"Filter CreationTime: '{text}' is no time; write it as 2024-01-31T12:00:00Z."
        raise invalid_request(message) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
