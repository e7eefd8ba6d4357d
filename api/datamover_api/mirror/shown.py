"""Documents kept until what they tell of changes: clients ask for the same ones again and again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final

from datamover_api.mirror.place import Room, StoredRun

_KEPT: Final = 5000
"""So many are kept, at about a kilobyte each."""
Version = tuple[int, int, int]
"""The version of an object, and the number and the newest version of its runs."""


def version_alone(version: int) -> Version:
    """What changes whenever an object does that has no runs."""
    return version, 0, 0


def version_with_runs(room: Room, uid: str, version: int) -> Version:
    """What changes whenever a mover or one of its runs does."""
    return version, *room.runs.derived(uid, _number_and_newest)


def _number_and_newest(runs: Iterable[StoredRun]) -> tuple[int, int]:
    versions = [run.version for run in runs]
    return len(versions), max(versions, default=0)


class Shown:
    """The last documents that were made."""

    def __init__(self) -> None:
        """Keep nothing yet."""
        self._kept: OrderedDict[str, tuple[Version, bytes]] = OrderedDict()

    def get(self, uid: str, version: Version, make: Callable[[], bytes]) -> bytes:
        """The document of this version of an object; made where it is not kept."""
        kept = self._kept.get(uid)
        if kept is None or kept[0] != version:
            kept = (version, make())
            self._kept[uid] = kept
        self._kept.move_to_end(uid)
        if len(self._kept) > _KEPT:
            self._kept.popitem(last=False)
        return kept[1]
