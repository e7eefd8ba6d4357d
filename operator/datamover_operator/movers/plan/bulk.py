"""What a bulk reading of an account tells: whether a mover has drifted, and what of ours has no owner any more."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from datamover_crds import DataMover, JsonObject
from datamover_crds.contract import OWNER_TAG
from datamover_operator.movers.plan.diff import tag_change
from datamover_operator.movers.plan.names import SIDES, Identity


@dataclass(frozen=True, slots=True)
class Shown:
    """One resource: the tags that the tagging API shows (None: it shows none), the URI if it is a location."""

    tags: Mapping[str, str] | None = None
    uri: str | None = None

    @property
    def fingerprint(self) -> int:
        """Changes where anything that is compared changes."""
        return hash((frozenset(self.tags.items()) if self.tags is not None else None, self.uri))


def has_drifted(mover: DataMover, identity: Identity, arn: str, shown: Shown) -> bool:
    """Whether a resource that the mover's status names may not be as declared: AWS is to be asked about it."""
    part = part_of(mover, arn)
    if part is None:
        return False
    observed = mover.status.observed
    described = getattr(observed, part) if observed is not None else None
    if shown.uri is not None and described is not None and described.get("locationUri") not in {None, shown.uri}:
        return True
    is_anothers = part in mover.status.bookkeeping.existing_locations
    return (
        shown.tags is not None and not is_anothers and bool(tag_change(mover.spec, identity, part, shown.tags, ())[0])
    )


def part_of(mover: DataMover, arn: str) -> str | None:
    """What the resource is of the mover: task, source or destination; None where its status does not name it."""
    status = mover.status
    named: dict[str, str | None] = {side: getattr(status, f"{side}_location_arn") for side in SIDES}
    named["task"] = status.task_arn
    return next((part for part, its in named.items() if its == arn), None)


def owner_in(cluster_id: str, tags: Mapping[str, str]) -> tuple[str, str] | None:
    """Namespace and name of the mover of this cluster that the resource was made for; None where it is another's."""
    parts = tags.get(OWNER_TAG, "").split("/")
    return (parts[1], parts[2]) if len(parts) == 3 and parts[0] == cluster_id else None  # noqa: PLR2004


ANY_REGION: Final = ""
"""Stands for all Regions."""


def is_assumed_by_datasync(trust: JsonObject, regions: Collection[str]) -> bool:
    """Whether a role is one that DataSync may assume, for one of these Regions."""
    text = json.dumps(trust)
    if '"datasync.amazonaws.com"' not in text:
        return False
    if ":datasync:" not in text:
        return ANY_REGION in regions
    return any(f":datasync:{region}:" in text for region in regions if region != ANY_REGION)
