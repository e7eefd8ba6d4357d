"""Changed copies of what was observed: a pass makes dozens."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

__all__ = ["changed"]

if TYPE_CHECKING:
    from dataclasses import replace as changed
else:
    T = TypeVar("T")

    def changed(of: T, /, **changes: object) -> T:
        """Return a copy of a frozen dataclass without slots.

        It is as `dataclasses.replace` makes it, which sets each of some forty fields by itself.
        """
        copy = object.__new__(type(of))
        vars(copy).update(vars(of), **changes)
        return copy
