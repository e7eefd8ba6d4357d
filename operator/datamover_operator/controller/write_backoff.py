"""Backs off from writes that somebody else keeps undoing."""

from __future__ import annotations

from dataclasses import dataclass

_FIRST_REST_S = 1.0
_LONGEST_REST_S = 600.0


@dataclass(slots=True)
class _Written:
    what: object
    times: int
    at: float


class WriteBackoff:
    """Remembers what was last written to each object."""

    def __init__(self) -> None:
        """Nothing has been written yet."""
        self._written: dict[str, _Written] = {}

    def rest(self, uid: str, what: object, tick: float) -> float:
        """How many seconds to wait before `what` is written: 0, unless others have undone this very write."""
        last = self._written.get(uid)
        if last is None or last.what != what:
            return 0.0
        return max(0.0, last.at + min(_LONGEST_REST_S, _FIRST_REST_S * 2.0**last.times) - tick)

    def wrote(self, uid: str, what: object, tick: float) -> None:
        """Note that it is written now; writing it again has to wait twice as long as this time, up to ten minutes."""
        last = self._written.get(uid)
        times = last.times + 1 if last is not None and last.what == what else 0
        self._written[uid] = _Written(what, min(times, 16), tick)

    def forget(self, uid: str) -> None:
        """The object is gone."""
        self._written.pop(uid, None)
