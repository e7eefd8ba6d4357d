"""The Events that tell what was done in the databases."""

from __future__ import annotations

from datamover_operator.controller.plan.notes import Note
from datamover_operator.tablesyncs.plan.observed import shown
from datamover_operator.tablesyncs.plan.steps import (
    CreateSlot,
    CreateSubscription,
    CreateTables,
    DropPublications,
    DropSlots,
    DropSubscription,
    Publish,
    Refresh,
    SetConnection,
    Skip,
    Step,
)


def note_of(step: Step) -> Note | None:
    """The Event on a step that was carried out; none for what the conditions tell."""
    told = _told(step)
    return Note(told[0], told[1], warning=isinstance(step, Skip)) if told is not None else None


def _told(step: Step) -> tuple[str, str] | None:
    told: tuple[str, str] | None = None
    match step:
        case Publish(definitions):
            tables = [shown(table.key) for definition in definitions for table in definition.tables]
            told = "Published", f"at the source: {', '.join(tables)}"
        case CreateSlot(name):
            told = "SlotCreated", f"{name} at the source"
        case CreateTables(definitions):
            told = "TablesCreated", f"at the destination: {', '.join(shown(each.key) for each in definitions)}"
        case CreateSubscription(definition):
            told = "SubscriptionCreated", f"{definition.name} at the destination"
        case SetConnection():
            told = "ConnectionChanged", "to the source, as the spec and its Secrets say"
        case Refresh(_, empty):
            emptied = f", after {', '.join(map(shown, empty))} lost their rows" if empty else ""
            told = "CopyStarted", f"the subscription copies the tables that are new to it{emptied}"
        case Skip(_, position):
            told = "TransactionSkipped", f"it finishes at {position}"
        case DropSubscription(name):
            told = "SubscriptionDropped", f"{name} at the destination"
        case DropSlots(names):
            told = "SlotDropped", f"{', '.join(names)} at the source"
        case DropPublications(names):
            told = "PublicationsDropped", f"{', '.join(names)} at the source"
    return told
