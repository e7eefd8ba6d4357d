"""The kinds that the operator reconciles, each with what the machine needs to know about it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from datamover_common.fairness import Lane
from datamover_crds import JsonObject
from datamover_operator.controller.context import AnyKind, Key


class Change(NamedTuple):
    """One object before and after a change; None where it did not exist yet, or no longer does."""

    before: JsonObject | None
    after: JsonObject | None

    @property
    def known(self) -> JsonObject:
        """The object as it is, or was last."""
        raw = self.after if self.after is not None else self.before
        assert raw is not None  # noqa: S101 - an object that never was does not change
        return raw


class Wake(NamedTuple):
    """An object of any kind to reconcile in `after` seconds."""

    kind: AnyKind
    uid: str
    after: float = 0.0


def _wakes_nobody(_: Change) -> Iterable[Wake]:
    return ()


def _shows_nothing(_: Change) -> None:
    return


@dataclass(frozen=True, slots=True)
class Controller:
    """How one kind's objects are reconciled.

    `reconcile` brings one object, by its uid, nearer to that. `wakes` names whom else a change concerns, `shows` keeps
    metrics, both as the machine sees it; neither may block. `lane` says where an object waits for its turn, by its uid.
    `jobs` run as long as the process does, by their names.
    """

    kind: AnyKind
    reconcile: Callable[[str], Awaitable[None]]
    lane: Callable[[str], Lane]
    wakes: Callable[[Change], Iterable[Wake]] = _wakes_nobody
    shows: Callable[[Change], None] = _shows_nothing
    jobs: Mapping[str, Callable[[], Coroutine[Any, Any, None]]] = field(default_factory=dict)


class Registry:
    """The controllers by kind, in the order in which they were registered."""

    def __init__(self) -> None:
        """No kind is reconciled yet."""
        self._controllers: dict[AnyKind, Controller] = {}

    def register(self, controller: Controller) -> None:
        """Reconcile a kind from now on."""
        self._controllers[controller.kind] = controller

    def __getitem__(self, kind: AnyKind) -> Controller:
        """The controller of a kind."""
        return self._controllers[kind]

    def lane(self, key: Key) -> Lane:
        """Where an object waits for its turn."""
        kind, uid = key
        return self._controllers[kind].lane(uid)

    def __iter__(self) -> Iterator[Controller]:
        """Go through all controllers."""
        return iter(self._controllers.values())
