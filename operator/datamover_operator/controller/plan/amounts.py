"""Amounts, rates and times as people read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

_UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")
_STEP = 1024
_WHOLE_FROM = 100
_MANY = 10


def size(count: float) -> str:
    """Bytes, such as `41.5 MiB`."""
    power = _power(count)
    return f"{_number(count, power)} {_UNITS[power]}"


def part(done: int, total: int) -> str:
    """How many bytes of how many, in one unit: `28 of 60 MiB`."""
    power = _power(total)
    return f"{_number(done, power)} of {_number(total, power)} {_UNITS[power]}"


def files(count: int) -> str:
    """Files, such as `2,372 files`."""
    return f"{count:,} file{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A length of time by its two largest units, such as `2 h 10 min`; a part of a second counts as a whole one."""
    left = int(-(-seconds // 1))
    parts = []
    for name, length in (("d", 86400), ("h", 3600), ("min", 60), ("s", 1)):
        number, left = divmod(left, length)
        parts.append((number, name))
    first = next((index for index, (number, _) in enumerate(parts) if number), len(parts) - 1)
    return " ".join(f"{number} {name}" for number, name in parts[first : first + 2] if number) or "0 s"


def joined(parts: Iterable[str | None]) -> str:
    """What there is to say, separated by commas."""
    return ", ".join(each for each in parts if each)


def between(moment: timedelta) -> str:
    """A length of time; none is negative."""
    return duration(max(moment.total_seconds(), 0))


def _power(count: float) -> int:
    power = 0
    while count >= _STEP and power < len(_UNITS) - 1:
        count, power = count / _STEP, power + 1
    return power


def _number(count: float, power: int) -> str:
    value = count / _STEP**power
    if power == 0 or value >= _WHOLE_FROM:
        return f"{value:.0f}"
    shown = f"{value:.1f}"
    return shown.removesuffix(".0") if value >= _MANY else shown
