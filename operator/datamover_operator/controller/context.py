"""What all reconcilers share: the caches, the ways out, the queue and the clocks."""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, JsonObject
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.kube.cache import Cache, metadata_of, part_of
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.movers.memory import Memories
from datamover_operator.process.metrics import Metrics
from datamover_operator.process.settings import Settings


class Desk(StrEnum):
    """Which reconciler a key in the queue is for."""

    MOVER = "mover"
    RUN = "run"
    ACCOUNT = "account"


Key = tuple[Desk, str]


ACTIVE = "active"


@dataclass(frozen=True, slots=True)
class Caches:
    """Our objects: movers under ("account", name) and ("role", ARN), runs under their mover's (namespace, name).

    Runs that have not ended are under (namespace, name, ACTIVE) and ACTIVE, too.
    """

    movers: Cache[DataMover]
    runs: Cache[DataMoverRun]
    accounts: Cache[DataMoverAccount]

    @classmethod
    def empty(cls) -> Caches:
        """Caches that have seen nothing yet."""
        return cls(Cache(DataMover, _mover_keys), Cache(DataMoverRun, _run_keys), Cache(DataMoverAccount, lambda _: ()))


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


def reference(raw: JsonObject, field: str) -> str:
    """The name that a reference in an object's spec holds; empty where there is none."""
    return str(part_of(part_of(raw, "spec"), field).get("name", ""))


def _mover_keys(raw: JsonObject) -> list[Hashable]:
    status = part_of(raw, "status")
    roles = {status.get("sourceRoleArn"), status.get("destinationRoleArn")} - {None}
    return [("account", reference(raw, "accountRef")), *(("role", str(arn)) for arn in roles)]


def _run_keys(raw: JsonObject) -> list[Hashable]:
    mover = str(metadata_of(raw).get("namespace", "")), reference(raw, "moverRef")
    return [mover] if part_of(raw, "status").get("phase") in FINAL_PHASES else [mover, (*mover, ACTIVE), ACTIVE]
