"""From two listings to what has to be done. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import DEVICES, Entry, Kind, parent
from datasync_emulator.dataplane.rules import Special
from datasync_emulator.dataplane.target import Change, change, target_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from datasync_emulator.dataplane.rules import Rules


@dataclass(slots=True)
class Listing:
    """What a location holds, by name.

    `surroundings` are folders that no include pattern matched: never copied or deleted for their own sake, but needed
    where something inside them is.
    """

    entries: dict[str, Entry] = field(default_factory=dict)
    surroundings: dict[str, Entry] = field(default_factory=dict)

    def folder(self, path: str) -> Entry | None:
        """The folder at a path, matched or not."""
        name = f"{path}/"
        return self.entries.get(name) or self.surroundings.get(name)


@dataclass(frozen=True, slots=True)
class Move:
    """A file, object or link whose content is to be copied."""

    source: Entry
    target: Entry


@dataclass(slots=True)
class Plan:
    """What a run has to do, in the order in which it is done.

    `deletions`: children before parents. `folders`: new ones, parents first. `moves`: content. `touches`: attributes
    alone. `settlements`: folders whose times or attributes the steps before disturb; work of ours, so not counted.
    `skipped` stays as it is because of OverwriteMode NEVER, or because the destination has nothing like it;
    `unchanged` because it is there already; `ignored` is as if it were not there. `refused` cannot be copied; the text
    says why.
    """

    deletions: list[Entry] = field(default_factory=list)
    folders: list[Entry] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    touches: list[Entry] = field(default_factory=list)
    settlements: list[Entry] = field(default_factory=list)
    skipped: list[Entry] = field(default_factory=list)
    unchanged: list[Entry] = field(default_factory=list)
    ignored: list[Entry] = field(default_factory=list)
    refused: list[tuple[Entry, str]] = field(default_factory=list)


def make_plan(source: Listing, destination: Listing, rules: Rules) -> Plan:
    """What makes the destination hold the source, by the rules. Applied whole, a second plan is empty.

    (Unless times are not preserved, everything is transferred every time, or the destination is read-only by NEVER.)
    """
    plan = Plan()
    needed = _needed_folders(source) if rules.to_folder else []
    folder_names = {f"{path}/" for path in needed}
    for name in sorted(source.entries):
        entry = source.entries[name]
        if f"{name}/" in folder_names or (rules.to_folder and f"{name}/" in source.entries):
            plan.refused.append((entry, "there is a folder of the same path"))
            continue
        becomes = _treatment(entry, rules)
        if becomes is not Special.KEPT:
            _leave(plan, entry, becomes)
            continue
        _place(plan, entry, destination.entries.get(name), rules)
    for path in needed:
        if destination.folder(path) is None:
            known = source.surroundings.get(f"{path}/", Entry(path, Kind.FOLDER))
            plan.folders.append(target_of(known, None, rules))
    plan.folders.sort(key=lambda entry: entry.name)
    if rules.remove:
        kept = source.entries.keys() | folder_names
        plan.deletions = [destination.entries[name] for name in sorted(destination.entries.keys() - kept, reverse=True)]
    if rules.to_folder:
        plan.settlements = _settlements(plan, source, rules)
    return plan


def _treatment(entry: Entry, rules: Rules) -> Special:
    if entry.kind is Kind.LINK:
        return rules.links
    return rules.devices if entry.kind in DEVICES else Special.KEPT


def _leave(plan: Plan, entry: Entry, becomes: Special) -> None:
    if becomes is Special.SKIPPED:
        plan.skipped.append(entry)
    elif becomes is Special.FAILED:
        plan.refused.append((entry, "No data available"))
    else:
        plan.ignored.append(entry)


def _place(plan: Plan, source: Entry, existing: Entry | None, rules: Rules) -> None:
    target = target_of(source, existing, rules)
    needed = Change.DATA if rules.everything else change(source, existing, target, rules)
    if needed is Change.NOTHING:
        plan.unchanged.append(source)
        return
    if existing is not None and not rules.overwrite:
        plan.skipped.append(source)
    elif needed is Change.ATTRIBUTES:
        plan.touches.append(target)
    elif source.kind is not Kind.FOLDER:
        plan.moves.append(Move(source, target))
    else:
        plan.folders.append(target)


def _needed_folders(source: Listing) -> list[str]:
    """The folders that hold listed entries without being listed: key prefixes, or surroundings of what matched."""
    needed: set[str] = set()
    for entry in source.entries.values():
        path = parent(entry.path)
        while path and path not in needed and f"{path}/" not in source.entries:
            needed.add(path)
            path = parent(path)
    return sorted(needed)


def _settlements(plan: Plan, source: Listing, rules: Rules) -> list[Entry]:
    """Writing into a folder changes its time; a new folder must stay writable until it is full."""
    settled = {folder.name: folder for folder in plan.folders}
    if not rules.overwrite:
        return [settled[name] for name in sorted(settled, reverse=True)]
    disturbers: Iterable[Entry] = [*plan.deletions, *plan.folders, *(move.target for move in plan.moves)]
    for path in {parent(entry.path) for entry in disturbers}:
        folder = source.entries.get(f"{path}/")
        if folder is not None:
            settled.setdefault(folder.name, target_of(folder, None, rules))
    return [settled[name] for name in sorted(settled, reverse=True)]
