"""Whom to notify: what an object says itself, and what its account says."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from datamover_crds import DataMoverAccount, Notify, Receiver, TableSyncNotify

_PLACE = re.compile(r"(?:account (?P<account>[a-z0-9.-]+): )?spec\.notify\[(?P<index>[0-9]{1,3})\]")


@dataclass(frozen=True, slots=True)
class Subscription:
    """One entry of `notify`: `place` names it in messages and in status, `events` are what it wants to know."""

    place: str
    events: frozenset[str]


def own_place(index: int) -> str:
    """The place of an entry of the object itself."""
    return f"spec.notify[{index}]"


def account_place(account: str, index: int) -> str:
    """The place of an entry of an account."""
    return f"account {account}: {own_place(index)}"


def subscriptions(
    own: Sequence[Notify | TableSyncNotify], account: DataMoverAccount | None = None
) -> tuple[Subscription, ...]:
    """All entries that concern an object."""
    return (*_listed(own, own_place), *_of_account(account))


def _of_account(account: DataMoverAccount | None) -> Iterator[Subscription]:
    if account is not None:
        name = account.metadata.name
        yield from _listed(account.spec.notify, lambda index: account_place(name, index))


def _listed(entries: Iterable[Notify | TableSyncNotify], place: Callable[[int], str]) -> Iterator[Subscription]:
    for index, entry in enumerate(entries):
        yield Subscription(place(index), frozenset(entry.events))


@dataclass(frozen=True, slots=True)
class Place:
    """Where an entry stands: in an account, or, without one, in the object itself."""

    account: str | None
    index: int


def read_place(place: str) -> Place | None:
    """Read a place as status names it; None where nothing can stand there."""
    found = _PLACE.fullmatch(place)
    return Place(found["account"], int(found["index"])) if found is not None else None


def entry_at(entries: Sequence[Receiver], place: Place) -> Receiver | None:
    """The entry in its list; None where it is gone."""
    return entries[place.index] if place.index < len(entries) else None
