"""Listing a location."""

from __future__ import annotations

from typing import TYPE_CHECKING

from datasync_emulator.dataplane.entry import Kind, parent
from datasync_emulator.dataplane.matcher import Filters, always_left_out
from datasync_emulator.dataplane.plan import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from datasync_emulator.dataplane.entry import Entry
    from datasync_emulator.dataplane.stores.port import Problem, Store


def list_location(
    store: Store, filters: Filters, problem: Problem, seen: Callable[[Entry], None], check: Callable[[], None]
) -> Listing:
    """List what the filters leave of a location.

    `seen` is told of every entry that DataSync would list: with an include filter its matches, whether excluded or
    not. `check` is called between entries, and raises to stop.
    """
    listing = Listing()
    for entry in store.walk(problem):
        check()
        if always_left_out(entry.path):
            continue
        if not filters.included(entry.path):
            if entry.kind is Kind.FOLDER:
                listing.surroundings[entry.name] = entry
            continue
        seen(entry)
        if not filters.excluded(entry.path):
            listing.entries[entry.name] = entry
    return listing


def list_paths(
    store: Store, paths: Mapping[str, str | None], seen: Callable[[Entry], None], check: Callable[[], None]
) -> Listing:
    """List what a manifest names, without looking at anything else; what is missing is left out."""
    listing = Listing()
    for path, version in paths.items():
        check()
        entry = store.find(path, version)
        if entry is None or entry.kind is Kind.FOLDER:
            continue
        seen(entry)
        listing.entries[entry.name] = entry
        _add_surroundings(listing, store, parent(path))
    return listing


def _add_surroundings(listing: Listing, store: Store, path: str) -> None:
    while path and f"{path}/" not in listing.surroundings:
        folder = store.find(path)
        if folder is not None and folder.kind is Kind.FOLDER:
            listing.surroundings[folder.name] = folder
        path = parent(path)


def ignore(*_: object) -> None:
    """For a listing whose problems or entries have been reported before."""
