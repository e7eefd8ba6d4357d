"""The keys of each facade that is served, read before anything else starts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from datamover_api.auth.keys import ANYBODY, KeyRing, KeysError, NamedKey, named_key, read_keys, read_named_keys
from datamover_api.settings import PREFIX, Settings

API_KEY: Final = "API_KEY"
"""The variable that holds a key of the DataSync API, as that system's documentation has it."""
K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Rings:
    """The keys of each facade; None for one that is not served."""

    legacy: KeyRing[bytes] | None
    label_studio: KeyRing[NamedKey] | None
    sync: KeyRing[NamedKey] | None


def open_rings(settings: Settings, environ: Mapping[str, str]) -> Rings:
    """Read all keys. Raises KeysError, whose message begins with the setting."""
    legacy = settings.keys_file if settings.legacy_enabled else None
    label_studio = settings.label_studio_keys_file if settings.label_studio_enabled else None
    return Rings(
        legacy=_ring("KEYS_FILE", legacy, read_keys),
        label_studio=_ring("LABEL_STUDIO_KEYS_FILE", label_studio, read_named_keys),
        sync=_sync_ring(settings, environ.get(API_KEY, "")) if settings.sync_enabled else None,
    )


def _ring(variable: str, path: Path | None, read: Callable[[Path], tuple[K, ...]]) -> KeyRing[K] | None:
    if path is None:
        return None
    try:
        return KeyRing(partial(read, path))
    except KeysError as error:
        raise KeysError(f"{PREFIX}{variable}={error}") from None


def _sync_ring(settings: Settings, given: str) -> KeyRing[NamedKey]:
    path = settings.sync_keys_file
    fixed = (named_key(ANYBODY, given.encode()),) if given else ()
    if path is None and not fixed:
        raise KeysError(f"{PREFIX}SYNC_KEYS_FILE or {API_KEY}: must be set where {PREFIX}SYNC_ENABLED is true")
    ring = _ring("SYNC_KEYS_FILE", path, lambda each: (*fixed, *read_named_keys(each)))
    return ring if ring is not None else KeyRing(lambda: fixed)
