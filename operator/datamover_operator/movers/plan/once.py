"""What follows from an object alone is worked out once for it, not in each of the plans that are made of it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Final, TypeVar

K = TypeVar("K")
T = TypeVar("T")

_KEPT: Final = 128
"""More objects than there are movers in work at once."""


def once(function: Callable[[K], T]) -> Callable[[K], T]:
    """Remember what a pure function answers for the immutable objects that it was asked about last.

    They are told apart by identity: to compare two specs takes longer than most answers.
    """
    answers: dict[int, tuple[K, T]] = {}

    @wraps(function)
    def answer(of: K) -> T:
        known = answers.get(id(of))  # which is no other object's, for this one is kept
        if known is None:
            known = answers[id(of)] = of, function(of)
            if len(answers) > _KEPT:
                del answers[next(iter(answers))]
        return known[1]

    return answer
