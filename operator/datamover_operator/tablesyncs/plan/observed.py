"""What is known about one sync at one moment: the planner's only input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from datamover_crds import RetiredEnd, SyncEnd, SyncErrors, TableSync
from datamover_operator.controller.plan.conditions import ConditionsBuilder
from datamover_operator.movers.plan.names import Identity
from datamover_operator.postgres.failure import Failure, Side
from datamover_operator.postgres.state import DestinationState, Slot, SourceState, Subscription, Table, TableKey
from datamover_operator.tablesyncs.plan.known import Databases, known_databases
from datamover_operator.tablesyncs.plan.names import object_name, slot_name


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that has to be changed first: a sentence that says where, what, and how to mend it."""

    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """What both databases' catalogues say of the tables, and what trials without effect have shown.

    `filters` maps tables to the columns in their filter that the replica identity lacks.
    """

    source: Mapping[TableKey, Table] = field(default_factory=dict)
    destination: Mapping[TableKey, Table] = field(default_factory=dict)
    filters: Mapping[TableKey, tuple[str, ...]] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True, slots=True)
class Verification:
    """The comparison of both sides' tables, as far as it has got; `attempt` counts from 1."""

    attempt: int = 1
    is_done: bool = False
    verdicts: Mapping[TableKey, bool] = field(default_factory=dict)
    differences: tuple[str, ...] = ()
    failure: Failure | None = None


class Synced(NamedTuple):
    """A position of the source, and when the destination was last seen to have everything up to it."""

    position: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that planning one sync depends on.

    `problem` says why the stored object does not fit its model. `findings` are about Secrets, URIs and hosts,
    `failures` what went wrong at the databases in this pass. A state is None where the database was not reached.
    `connection` is a digest of how the subscription has to connect. `catalogue` is None until the planner asks.
    `ends` are the databases as they are reached now. `errors` is what the status will say of them. `disabled` says
    that we have disabled the subscription in this pass, `recorded` that the stored status names these databases.
    `target` is the position that is waited for, `synced` one that the destination was seen to have in this pass.
    `last_synced` is what this process has seen of that last, `told_at` when it last wrote the status.
    `inactive_since` is when the destination was first seen not to be connected to the source,
    `skipped` the transaction that was skipped in this pass, `looked` says that the transaction that can't be applied
    was looked for in this pass, `woken` that the server was asked for a worker in it.
    """

    sync: TableSync
    identity: Identity
    finalizer: bool = False
    problem: str = ""
    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    source: SourceState | None = None
    destination: DestinationState | None = None
    connection: str = ""
    catalogue: Catalogue | None = None
    ends: Mapping[Side, SyncEnd] = field(default_factory=dict)
    retired: tuple[RetiredEnd, ...] = ()
    errors: SyncErrors = field(default_factory=SyncErrors)
    disabled: bool = False
    target: int | None = None
    synced: int | None = None
    last_synced: Synced | None = None
    told_at: datetime | None = None
    verification: Verification | None = None
    inactive_since: datetime | None = None
    skipped: str | None = None
    looked: bool = False
    woken: bool = False

    @property
    def uid(self) -> str:
        """The sync's uid."""
        return self.identity.uid

    @property
    def name(self) -> str:
        """What its objects in the databases are called."""
        return object_name(self.identity.uid)

    @property
    def is_going(self) -> bool:
        """Whether the sync is being deleted."""
        return self.sync.metadata.deletion_timestamp is not None

    @property
    def known(self) -> Databases:
        """The databases that the sync has worked in, as they were stored."""
        return known_databases(self.sync)

    @property
    def keys(self) -> tuple[TableKey, ...]:
        """The tables that the spec names."""
        return tuple(dict.fromkeys(table.key for table in self.sync.spec.tables))

    @property
    def subscription(self) -> Subscription | None:
        """The subscription, if it is there."""
        return self.destination.subscription if self.destination is not None else None

    @property
    def slot(self) -> Slot | None:
        """The replication slot, if it is there."""
        return self.source.slots.get(self.slot_name) if self.source is not None else None

    @property
    def slot_name(self) -> str:
        """The name of the replication slot between both databases; of those before, where one is out of reach."""
        known = self.known
        before = known.source.id if known.source is not None else ""
        after = known.destination.id if known.destination is not None else ""
        source = self.source.server.id if self.source is not None else before
        destination = self.destination.server.id if self.destination is not None else after
        return slot_name(self.uid, source, destination)

    @property
    def is_copied(self) -> bool:
        """Whether all tables that the spec names were copied, and follow the source."""
        states = self.subscription.tables if self.subscription is not None else {}
        return set(states) == set(self.keys) and all(state == "r" for state in states.values())

    @property
    def finishes(self) -> bool:
        """Whether the sync is to end once the destination has caught up."""
        return self.sync.spec.mode == "Once" or self.sync.spec.promote

    @property
    def is_new_spec(self) -> bool:
        """Whether the spec has changed since it was last acted on."""
        return self.sync.status.observed_generation != self.sync.metadata.generation

    def conditions(self, now: datetime) -> ConditionsBuilder:
        """Who says how this sync is."""
        return ConditionsBuilder(self.sync.status.conditions, self.sync.metadata.generation, now)


def shown(key: TableKey) -> str:
    """A table for people."""
    return ".".join(key)
