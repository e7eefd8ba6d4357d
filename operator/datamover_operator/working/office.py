"""What all reconcilers share: the caches, the ways out, the queue and the clocks."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun
from datamover_operator.kube.cache import Cache
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.metrics import Metrics
from datamover_operator.settings import Settings
from datamover_operator.working.memory import Memories
from datamover_operator.working.queue import WorkQueue


class Desk(StrEnum):
    """Which reconciler a key in the queue is for."""

    MOVER = "mover"
    RUN = "run"
    ACCOUNT = "account"


Key = tuple[Desk, str]


@dataclass(frozen=True, slots=True)
class Caches:
    """Our objects: movers under ("account", name) and ("role", ARN), runs under their mover's (namespace, name)."""

    movers: Cache[DataMover]
    runs: Cache[DataMoverRun]
    accounts: Cache[DataMoverAccount]

    @classmethod
    def empty(cls) -> Caches:
        """Caches that have seen nothing yet."""
        return cls(
            Cache(DataMover, _mover_keys),
            Cache(DataMoverRun, lambda run: [(run.metadata.namespace, run.spec.mover_ref.name)]),
            Cache(DataMoverAccount, lambda _: []),
        )


@dataclass(frozen=True, slots=True)
class Clock:
    """The time of day, and seconds that only ever grow."""

    now: Callable[[], datetime]
    tick: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Office:
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
    memories: Memories
    rng: random.Random

    def nonce(self) -> str:
        """A word that no pass had before."""
        return f"{self.rng.getrandbits(96):024x}"


def _mover_keys(mover: DataMover) -> list[tuple[str, str]]:
    roles = {mover.status.source_role_arn, mover.status.destination_role_arn} - {None}
    return [("account", mover.spec.account_ref.name), *(("role", str(arn)) for arn in roles)]
