"""Which databases a sync has worked in, kept where neither a lost status nor somebody who writes one can change it.

What is in a database that the spec no longer names can be found by nothing else: its address has to be known.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Annotated, Final

from datamover_crds import InvalidObject, RetiredEnd, SyncEnd, TableSync, dump, parse, read_json
from datamover_crds.common import Count, Items, Model, Text
from datamover_crds.contract import DATABASES_ANNOTATION

_LONGEST: Final = 64 * 1024
"""Characters: ten databases take a tenth of it. Whoever may edit annotations could fill our memory with longer ones."""
_REMEMBERED: Final = 512


class Databases(Model):
    """The value of DATABASES_ANNOTATION; the members are those of the status."""

    uid: Text
    """Whose it is: one that was copied along with an object, or restored, says nothing of the new object."""
    source: SyncEnd | None = None
    destination: SyncEnd | None = None
    subscription_id: Count | None = None
    retired: Annotated[tuple[RetiredEnd, ...], Items(at_most=16)] = ()


def annotated(sync: TableSync) -> Databases | None:
    """What the annotation says; None where it is absent, another object's, or was edited into something else."""
    text = sync.metadata.annotations.get(DATABASES_ANNOTATION, "")
    found = _read(text) if len(text) <= _LONGEST else None
    return found if found is not None and found.uid == sync.metadata.uid else None


def known_databases(sync: TableSync) -> Databases:
    """The databases of a sync: by its annotation, and by the status of one that has none yet."""
    status = sync.status
    return annotated(sync) or Databases(
        uid=sync.metadata.uid,
        source=status.source,
        destination=status.destination,
        subscription_id=status.subscription_id,
        retired=status.retired,
    )


def written(databases: Databases) -> str:
    """The annotation's value."""
    return json.dumps(dump(databases), separators=(",", ":"), sort_keys=True)


@lru_cache(maxsize=_REMEMBERED)
def _read(text: str) -> Databases | None:
    try:
        found = read_json(text)
        return parse(Databases, found) if isinstance(found, dict) else None
    except (ValueError, InvalidObject):
        return None
