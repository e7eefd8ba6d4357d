"""What the API server checks of a schedule expression: `schedules` once more, as patterns and CEL, part by part.

The patterns mean the same to Go's RE2 and to Python: ASCII classes, no look-around, no quotes or backslashes, so that
they stand in a CEL string as they are. `tests/unit/crds/test_schedules.py` holds them to the parser.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from datamover_crds.rules import Rule
from datamover_crds.schedules import CHARACTERS, MONTH_NAMES, WEEKDAY_NAMES, Part, problems

if TYPE_CHECKING:
    from collections.abc import Callable

    from datamover_crds.options import Schedule


def _list_of(item: str) -> str:
    """Match items with ranges and steps, joined by commas: `*`, `5`, `1-5`, `0/6`, `MON-FRI`."""
    element = f"([*]|{item}(-{item})?)(/[1-9][0-9]{{0,3}})?"
    return f"{element}(,{element})*"


_ANY: Final = f"{CHARACTERS}+"
_DAY: Final = "(0?[1-9]|[12][0-9]|3[01])"
_MONTH: Final = f"(0?[1-9]|1[0-2]|(?i:{'|'.join(MONTH_NAMES)}))"
_WEEKDAY: Final = f"([1-7]|(?i:{'|'.join(WEEKDAY_NAMES)}))"
_DAYS_OF_MONTH: Final = f"({_list_of(_DAY)}|(?i:L|LW)|{_DAY}(?i:W))"
_DAYS_OF_WEEK: Final = f"({_list_of(_WEEKDAY)}|{_WEEKDAY}?(?i:L)|{_WEEKDAY}#[1-5])"
_UNITS: Final = "(1 (minute|hour|day)|([2-9]|[1-9][0-9]{1,8}) (minutes|hours|days))"


def _cron(minutes: str = _ANY, hours: str = _ANY, days: str = f"{_ANY} {_ANY} {_ANY}", years: str = _ANY) -> str:
    """Match a cron expression; the months stand among the days."""
    return f"^cron[(]({minutes}) ({hours}) ({days}) ({years})[)]$"


CRON_FORM: Final = _cron()
RATE_FORM: Final = "^rate[(][1-9][0-9]{0,8} (minute|hour|day)s?[)]$"
CRON_PARTS: Final[dict[Part, str]] = {
    "minutes": _cron(minutes=_list_of("[0-5]?[0-9]")),
    "hours": _cron(hours=_list_of("([01]?[0-9]|2[0-3])")),
    "days": _cron(days=f"{_DAYS_OF_MONTH} {_ANY} [?]|[?] {_ANY} {_DAYS_OF_WEEK}"),
    "months": _cron(days=f"{_ANY} {_list_of(_MONTH)} {_ANY}"),
    "years": _cron(years=_list_of("(19[7-9][0-9]|2[01][0-9]{2})")),
}
RATE_PARTS: Final[dict[Part, str]] = {"unit": f"^rate[(]{_UNITS}[)]$"}
HOURLY_RATE: Final = "^rate[(](([6-9][0-9]|[1-9][0-9]{2,8}) minutes|[0-9]+ (hours?|days?))[)]$"

_EXPRESSION: Final = "self.scheduleExpression"
_MINUTES: Final = f"{_EXPRESSION}.split(' ')[0].substring(5).split(',')"


def _matches(pattern: str) -> str:
    return f"{_EXPRESSION}.matches('{pattern}')"


def _first(element: str) -> str:
    return f"({element}.startsWith('*') ? 0 : int({element}.split('/')[0].split('-')[0]))"


def _last(element: str) -> str:
    end = f"int({element}.split('/')[0].split('-')[1])"
    is_open = f"{element}.startsWith('*') || {element}.contains('/')"
    return f"({element}.contains('-') ? {end} : {is_open} ? 59 : int({element}))"


_STEP: Final = "(e.contains('/') ? int(e.split('/')[1]) : 1)"
_ONE_MINUTE: Final = (
    f"{_MINUTES}.all(e, ({_last('e')} - {_first('e')} + 60) % 60 < {_STEP}"
    f" && {_first('e')} == {_first(f'{_MINUTES}[0]')})"
)
_HOUR_APART: Final = (
    f"{_matches(CRON_PARTS['minutes'])} ? {_ONE_MINUTE} : !{_matches(RATE_PARTS['unit'])} || {_matches(HOURLY_RATE)}"
)


def _is_right(part: Part) -> Callable[[Schedule], bool]:
    return lambda schedule: part not in problems(schedule.schedule_expression)


def _rule(part: Part, cel: str, message: str) -> Rule:
    return Rule(".scheduleExpression", cel, _is_right(part), message, shown=_EXPRESSION)


def _cron_rule(part: Part, message: str) -> Rule:
    return _rule(part, f"!{_matches(CRON_FORM)} || {_matches(CRON_PARTS[part])}", f"in cron(…) {message}")


SCHEDULE_RULES: Final = (
    _rule(
        "form",
        f"{_matches(CRON_FORM)} || {_matches(RATE_FORM)}",
        "must be cron(minutes hours day-of-month month day-of-week year), such as cron(0 3 * * ? *), or "
        "rate(number unit), such as rate(12 hours)",
    ),
    _cron_rule("minutes", "the 1st field must be minutes from 0 to 59, such as 30 or 0/60"),
    _cron_rule("hours", "the 2nd field must be hours from 0 to 23, such as 3, *, 8-18, 0/6 or 0,12"),
    _cron_rule(
        "days",
        "one of the 3rd and 5th field must be ?, and the other one days: of the month, such as *, 1, 1-7, L or 15W, "
        "or of the week, from 1 (Sunday) to 7 or SUN to SAT, such as MON-FRI, 6L or 3#1",
    ),
    _cron_rule("months", "the 4th field must be months from 1 to 12 or JAN to DEC, such as *, JAN,JUL or 1/3"),
    _cron_rule("years", "the 6th field must be years from 1970 to 2199, such as * or 2026-2030"),
    _rule(
        "unit",
        f"!{_matches(RATE_FORM)} || {_matches(RATE_PARTS['unit'])}",
        "in rate(…) the unit must be minute, hour or day for 1, and minutes, hours or days for more",
    ),
    _rule(
        "spacing",
        _HOUR_APART,
        "starts must be at least 1 hour apart: the minutes of cron(…) must be one minute of the hour, such as 30 or "
        "0/60, and rate(…) at least 60 minutes",
    ),
)
"""For DataSync's `scheduleExpression`."""
