"""Merge patches (RFC 7386) that turn one JSON object into another."""

from __future__ import annotations

from pydantic import JsonValue

from datamover_crds import JsonObject


def replacing(old: JsonObject, new: JsonObject) -> JsonObject:
    """The patch that makes `new` of `old`: members that are gone are null."""
    gone: JsonObject = {name: None for name in old if name not in new}
    changed = {name: _member(old.get(name), value) for name, value in new.items() if old.get(name) != value}
    return gone | changed


def _member(old: JsonValue, new: JsonValue) -> JsonValue:
    return replacing(old, new) if isinstance(old, dict) and isinstance(new, dict) else new
