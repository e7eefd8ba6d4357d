"""What all reconcilers share: the caches, the ways to write, the queue and the clocks."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from datamover_crds import Resource
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.kube.events import Events
from datamover_operator.kube.kinds import Cache, Kind
from datamover_operator.kube.writer import Writer
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings

M = TypeVar("M", bound=Resource)

AnyKind = Kind[Any]
Key = tuple[AnyKind, str]
"""An object in the queue: its kind and its uid."""


class Caches:
    """One cache a kind."""

    def __init__(self, kinds: Iterable[AnyKind]) -> None:
        """Caches that have seen nothing yet."""
        self._caches: dict[AnyKind, Cache[Any]] = {kind: kind.cache() for kind in kinds}

    def __getitem__(self, kind: Kind[M]) -> Cache[M]:
        """The objects of a kind."""
        return cast("Cache[M]", self._caches[kind])


@dataclass(frozen=True, slots=True)
class Clock:
    """Wall-clock time, and monotonic seconds."""

    now: Callable[[], datetime]
    tick: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Context:
    """Everything a reconciler needs. `instance` names this process, `cluster_id` this cluster."""

    settings: Settings
    instance: str
    cluster_id: str
    clock: Clock
    caches: Caches
    queue: WorkQueue[Key]
    writer: Writer
    events: Events
    metrics: Metrics
    rng: random.Random

    def nonce(self) -> str:
        """A random value that no other pass has used."""
        return f"{self.rng.getrandbits(96):024x}"
