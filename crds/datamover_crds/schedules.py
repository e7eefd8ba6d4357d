"""The syntax of DataSync's schedules, which is EventBridge's.

Sources: API_TaskSchedule; https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html. DataSync starts a
task at most once an hour and knows no one-time `at(…)`.

The patterns mean the same to Go's RE2 and to Python: ASCII classes, no look-around, no quotes or backslashes, so that
they stand in a CEL string as they are.
"""


def _list_of(item: str) -> str:
    """Match items with ranges and steps, joined by commas: `*`, `5`, `1-5`, `0/6`, `MON-FRI`."""
    element = f"([*]|{item}(-{item})?)(/[0-9]{{1,3}})?"
    return f"{element}(,{element})*"


_HOURS = _list_of("([01]?[0-9]|2[0-3])")
_DAY = "(0?[1-9]|[12][0-9]|3[01])"
_DAYS_OF_MONTH = f"({_list_of(_DAY)}|L|LW|{_DAY}W)"
_MONTHS = _list_of("(0?[1-9]|1[0-2]|(?i:JAN|FEB|MAR|APR|MAY|JUN|JUL|AUG|SEP|OCT|NOV|DEC))")
_WEEKDAY = "([1-7]|(?i:SUN|MON|TUE|WED|THU|FRI|SAT))"
_DAYS_OF_WEEK = f"({_list_of(_WEEKDAY)}|{_WEEKDAY}?L|{_WEEKDAY}#[1-5])"
_YEARS = _list_of("(19[7-9][0-9]|2[01][0-9]{2})")

CRON_PATTERN = f"cron[(][0-5]?[0-9] {_HOURS} ({_DAYS_OF_MONTH} {_MONTHS} [?]|[?] {_MONTHS} {_DAYS_OF_WEEK}) {_YEARS}[)]"
RATE_PATTERN = "rate[(](([6-9][0-9]|[1-9][0-9]{2,8}) minutes?|[1-9][0-9]{0,8} (hours?|days?))[)]"
SCHEDULE_PATTERN = f"^({CRON_PATTERN}|{RATE_PATTERN})$"
