"""What is known about one sync at one moment: the planner's only input."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datamover_crds import TableSync
from datamover_operator.controller.plan.conditions import ConditionsBuilder
from datamover_operator.movers.plan.names import Identity
from datamover_operator.postgres.failure import Failure
from datamover_operator.postgres.state import DestinationState, SourceState, Table, TableKey
from datamover_operator.tablesyncs.plan.names import object_name


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
class Observed:
    """Everything that planning one sync depends on.

    `problem` says why the stored object does not fit its model. `findings` are about Secrets, URIs and hosts,
    `failures` what went wrong at the databases in this pass. A state is None where the database was not reached.
    `connection` is a digest of how the subscription has to connect. `catalogue` is None until the planner asks.
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
    def keys(self) -> tuple[TableKey, ...]:
        """The tables that the spec names."""
        return tuple(dict.fromkeys(table.key for table in self.sync.spec.tables))

    def conditions(self, now: datetime) -> ConditionsBuilder:
        """Who says how this sync is."""
        return ConditionsBuilder(self.sync.status.conditions, self.sync.metadata.generation, now)


def shown(key: TableKey) -> str:
    """A table for people."""
    return ".".join(key)
