"""The small things the operator can do for a sync, as data: carrying one out takes no decision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from datamover_crds import Condition
from datamover_operator.controller.plan.notes import Note
from datamover_operator.postgres.definitions import PublicationDefinition, SubscriptionDefinition, TableDefinition
from datamover_operator.postgres.state import TableKey


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Keep the object until what we made for it is gone."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the object go."""


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
    """Create the subscription; in the same transaction the tables in `empty` lose their rows."""

    definition: SubscriptionDefinition
    empty: tuple[TableKey, ...] = ()


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
class Disable:
    """Disable the subscription."""

    name: str


@dataclass(frozen=True, slots=True)
class Refresh:
    """Have the subscription take in which tables are published."""

    name: str


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


KubeStep = AddFinalizer | RemoveFinalizer
SourceStep = Publish | CreateSlot | DropSlots | DropPublications
DestinationStep = CreateTables | CreateSubscription | SetConnection | Enable | Disable | Refresh | DropSubscription
Step = KubeStep | Inspect | SourceStep | DestinationStep


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, when to look again, and what to tell. `retry` leaves the delay to the queue's back-off."""

    steps: tuple[Step, ...] = ()
    again_at: datetime | None = None
    retry: bool = False
    conditions: tuple[Condition, ...] = ()
    notes: tuple[Note, ...] = ()
