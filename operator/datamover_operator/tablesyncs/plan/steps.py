"""The small things the operator can do for a sync, as data: carrying one out takes no decision."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from datamover_crds import Condition
from datamover_operator.controller.plan.notes import Note
from datamover_operator.postgres.definitions import (
    PublicationDefinition,
    PublishedTable,
    SubscriptionDefinition,
    TableDefinition,
)
from datamover_operator.postgres.failure import Side
from datamover_operator.postgres.state import TableKey


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Keep the object until what we made for it is gone."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the object go."""


@dataclass(frozen=True, slots=True)
class Unhold:
    """Take our finalizer off an object that lives on: nothing is left in the databases."""


@dataclass(frozen=True, slots=True)
class Record:
    """Write to status what is known now; the pass goes on after it."""


@dataclass(frozen=True, slots=True)
class Annotate:
    """Set annotations, which outlive the status (backup, restore)."""

    annotations: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class Inspect:
    """Read both catalogues, and try without effect what will be needed: nothing is created before that."""


@dataclass(frozen=True, slots=True)
class Publish:
    """Make the publications what they are said to be."""

    definitions: tuple[PublicationDefinition, ...]


@dataclass(frozen=True, slots=True)
class CreateSlot:
    """Create the replication slot."""

    name: str


@dataclass(frozen=True, slots=True)
class CreateTables:
    """Create tables at the destination."""

    definitions: tuple[TableDefinition, ...]


@dataclass(frozen=True, slots=True)
class CreateSubscription:
    """Create the subscription, which does nothing yet."""

    definition: SubscriptionDefinition


@dataclass(frozen=True, slots=True)
class SetConnection:
    """Have the subscription connect as the spec and the Secrets say now."""

    name: str
    comment: str


@dataclass(frozen=True, slots=True)
class Enable:
    """Enable the subscription."""

    name: str


@dataclass(frozen=True, slots=True)
class Wake:
    """Have the server look again for a subscription without a worker: it may have missed that the last one ended.

    PostgreSQL 17.0 does so after a network that was cut, and would sleep for three minutes.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Disable:
    """Disable the subscription."""

    name: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Have the subscription take in which tables are published; those in `empty` lose their rows first."""

    name: str
    empty: tuple[TableKey, ...] = ()


@dataclass(frozen=True, slots=True)
class DropSubscription:
    """Drop the subscription without asking the source."""

    name: str


@dataclass(frozen=True, slots=True)
class DropSlots:
    """Drop replication slots, ending who uses them."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DropPublications:
    """Drop publications."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SetDisableOnError:
    """Say whether the subscription stops at an error, or tries again every few seconds."""

    name: str
    disable: bool


@dataclass(frozen=True, slots=True)
class Skip:
    """Have the subscription pass over one transaction."""

    name: str
    position: str


@dataclass(frozen=True, slots=True)
class FindTransaction:
    """Look into the slot for the transaction that can't be applied: a diagnosis, which may fail."""

    name: str
    publications: tuple[str, ...]
    subscription_id: int


@dataclass(frozen=True, slots=True)
class SetTarget:
    """Wait for the source's position of this moment."""


@dataclass(frozen=True, slots=True)
class Verify:
    """Begin to compare both sides, in the background."""

    attempt: int
    tables: tuple[PublishedTable, ...]
    columns: Mapping[TableKey, tuple[str, ...]]
    partitioned: frozenset[tuple[Side, TableKey]] = frozenset()


@dataclass(frozen=True, slots=True)
class SetSequences:
    """Give the destination's sequences the source's values."""

    keys: tuple[TableKey, ...]


KubeStep = AddFinalizer | RemoveFinalizer | Unhold | Record | Annotate
OwnStep = Inspect | SetTarget | Verify | FindTransaction | SetSequences
SourceStep = Publish | CreateSlot | DropSlots | DropPublications
DestinationStep = (
    CreateTables
    | CreateSubscription
    | SetConnection
    | Enable
    | Wake
    | Disable
    | Refresh
    | SetDisableOnError
    | Skip
    | DropSubscription
)
Step = KubeStep | OwnStep | SourceStep | DestinationStep


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, when to look again, and what to tell. `retry` leaves the delay to the queue's back-off."""

    steps: tuple[Step, ...] = ()
    again_at: datetime | None = None
    retry: bool = False
    conditions: tuple[Condition, ...] = ()
    notes: tuple[Note, ...] = ()
