"""What a run's namespace may read and start now, whatever was granted when its mover was last looked at (I6).

The operator reads every bucket with rights of its own. A mover's spec and an account's grants may change while a run
goes on, so what is read for the run is judged when it is about to be read, and when it is about to be told.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, assert_never

from datamover_crds import DataMover, DataMoverAccount, location_type_of
from datamover_crds.locations.uris import with_slashes
from datamover_operator.accounts.plan.grants import location_granted
from datamover_operator.runs.plan.errands import (
    CheckManifest,
    Compare,
    Errand,
    Place,
    ReadReport,
    RemoveManifest,
    Select,
)
from datamover_operator.runs.plan.observed import ObservedRun

_LONGEST: Final = 4096
"""Characters of a message in status."""


def ungranted(o: ObservedRun, errand: Errand) -> str | None:
    """The first place that is not granted, as a message; None: all are."""
    if o.account is None or o.mover is None:
        return "the mover's DataMoverAccount is not known"
    name, namespace = o.account.metadata.name, o.run.metadata.namespace
    for uri in _read(errand):
        if not location_granted(o.account, namespace, uri, None):
            message = (
                f"DataMoverAccount '{name}' does not grant '{uri}' to namespace '{namespace}'; add a pattern that "
                "matches it to spec.grants[].locations of the account"
            )
            return message[:_LONGEST]
    return None


def no_longer_granted(mover: DataMover, account: DataMoverAccount) -> str | None:
    """Which side of the mover's task, as it was last described, is not granted any more, in words; None: none.

    The mover itself is looked at after its runs: there may be thousands for which one account's grants have changed.
    """
    observed, namespace = mover.status.observed, mover.metadata.namespace
    described = {"source": observed.source, "destination": observed.destination} if observed is not None else {}
    for side, its in described.items():
        kind = location_type_of(its) if its is not None else None
        if its is None or kind is None:
            continue
        if not location_granted(account, namespace, str(its.get("locationUri")), kind.point_in(its)):
            name = account.metadata.name
            return f"the task's {side} is no longer granted to namespace '{namespace}' by DataMoverAccount '{name}'"
    return None


def _read(errand: Errand) -> Iterator[str]:
    """The LocationUris of what is read. The bucket that selections are written to is the account's own choice."""
    match errand:
        case CheckManifest():
            yield _uri(Place(errand.bucket), errand.key)
        case Select():
            yield _uri(errand.source)
        case ReadReport():
            yield _uri(errand.destination)
        case Compare():
            yield _uri(errand.source)
            yield _uri(errand.destination)
            if errand.manifest is not None:
                yield from _read(errand.manifest)
        case RemoveManifest():
            return
        case _:
            assert_never(errand)


def _uri(place: Place, key: str = "") -> str:
    return Place(with_slashes(place.bucket), place.prefix).uri(key)
