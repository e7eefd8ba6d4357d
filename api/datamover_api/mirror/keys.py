"""The names by which clients know a mover: its group and its name, from its tags and spec."""

from __future__ import annotations

import sys
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple, Self

from pydantic import JsonValue

from datamover_common.kube.entry import read
from datamover_common.kube.objects import metadata_of, part_of
from datamover_crds import DataMover, JsonObject, from_timestamp
from datamover_crds.contract import (
    LABEL_STUDIO_ORIGIN,
    LABEL_STUDIO_PROJECT_LABEL,
    ORIGIN_LABEL,
    REST_ORIGIN,
    SYNC_ORIGIN,
    SYNC_OWNER_LABEL,
    TASK_ARN_ANNOTATION,
    UNFINISHED_ANNOTATION,
    is_true,
)
from datamover_crds.legacy import GROUP_TAG

ALL: Final = "all"
"""Under this key are the movers that readers see."""
FAILED: Final = "failed"
"""Under this key are the movers whose creation has failed."""
UNFINISHED: Final = ("unfinished",)
"""Under this key are the movers and table syncs whose creation has not come to its end."""
UNSTARTED: Final = ("unstarted",)
"""Under this key are the runs that AWS has not started."""


_SHELF_LABELS: Final = {LABEL_STUDIO_ORIGIN: LABEL_STUDIO_PROJECT_LABEL, SYNC_ORIGIN: SYNC_OWNER_LABEL}
"""Under which label each facade that shares namespaces with the first one says whose an object is."""


class Shelf(NamedTuple):
    """Under this key are the objects of one facade's client that are not being deleted."""

    origin: str
    owner: str
    """The project, or the name of the key; empty: all of the facade."""


@dataclass(frozen=True, slots=True)
class MoverKey:
    """A mover's group and name, both in the client's own spelling."""

    group: str
    name: str


@dataclass(frozen=True, slots=True)
class Group:
    """Under this key are the movers of a group that readers see."""

    name: str


def key_of(mover: DataMover) -> MoverKey:
    """A mover's key. One that was created by other means may lack the group's tag: then its namespace is its group."""
    groups = [tag.value or "" for tag in mover.spec.tags or () if tag.key == GROUP_TAG]
    return MoverKey(groups[0] if groups else mover.metadata.namespace, name_of(mover))


def name_of(mover: DataMover) -> str:
    """A mover's name as clients know it: the task's."""
    return mover.spec.name or mover.metadata.name


def is_shown(mover: DataMover) -> bool:
    """Whether readers see the mover: from its task's creation until its deletion is requested.

    What another facade has made is that one's clients' alone, also in a namespace that both serve.
    """
    observed = mover.status.observed
    is_foreign = mover.metadata.labels.get(ORIGIN_LABEL) in _SHELF_LABELS
    is_alive = mover.metadata.deletion_timestamp is None and not is_foreign
    return is_alive and observed is not None and observed.task is not None


def shelves_of(metadata: JsonObject) -> tuple[Shelf, ...]:
    """Under which keys a facade finds an object: all of its own, and those of one client."""
    labels = part_of(metadata, "labels")
    origin = str(labels.get(ORIGIN_LABEL, ""))
    if origin not in _SHELF_LABELS or metadata.get("deletionTimestamp") is not None:
        return ()
    return Shelf(sys.intern(origin), ""), Shelf(origin, str(labels.get(_SHELF_LABELS[origin], "")))


def is_unfinished(metadata: JsonObject) -> bool:
    """Whether a facade has made an object whose Secrets are still to come, and it is not being deleted."""
    return UNFINISHED_ANNOTATION in part_of(metadata, "annotations") and bool(shelves_of(metadata))


def has_failed(mover: DataMover) -> bool:
    """Whether a client created the mover, and it has nothing that could be lost.

    Its status alone does not tell: one that has worked may have lost it, but keeps its task's ARN.
    """
    meta, status = mover.metadata, mover.status
    had_task = status.task_arn is not None or status.observed is not None or TASK_ARN_ANNOTATION in meta.annotations
    if had_task or meta.deletion_timestamp is not None or meta.labels.get(ORIGIN_LABEL) != REST_ORIGIN:
        return False
    is_current = status.observed_generation == meta.generation
    return is_current and is_true(status.conditions, "Stalled")


@dataclass(frozen=True, slots=True)
class MoverDigest:
    """What is kept of every mover: by which names it is found, and whose it is."""

    key: MoverKey
    account: str
    created: str
    is_shown: bool
    has_failed: bool
    is_unfinished: bool
    shelves: tuple[Shelf, ...]

    @classmethod
    def of(cls, raw: JsonObject) -> Self:
        """The digest of a mover as it is stored, as far as its model takes it."""
        mover, _ = read(DataMover, raw)
        return cls(
            key=key_of(mover),
            account=mover.spec.account_ref.name,
            created=mover.metadata.creation_timestamp or "",
            is_shown=is_shown(mover),
            has_failed=has_failed(mover),
            is_unfinished=is_unfinished(metadata_of(raw)),
            shelves=shelves_of(metadata_of(raw)),
        )

    def keys(self) -> Iterator[Hashable]:
        """The keys under which the mover is found."""
        yield self.key
        yield from self.shelves
        if self.is_shown:
            yield Group(self.key.group)
            yield ALL
        if self.has_failed:
            yield FAILED
        if self.is_unfinished:
            yield UNFINISHED


class TableDigest(NamedTuple):
    """What is at hand of every table sync."""

    created: str
    is_unfinished: bool
    shelves: tuple[Shelf, ...]

    @classmethod
    def of(cls, raw: JsonObject) -> Self:
        """The digest of a table sync as it is stored."""
        metadata = metadata_of(raw)
        return cls(str(metadata.get("creationTimestamp", "")), is_unfinished(metadata), shelves_of(metadata))

    def keys(self) -> Iterator[Hashable]:
        """The keys under which the table sync is found."""
        yield from self.shelves
        if self.is_unfinished:
            yield UNFINISHED


class RunDigest(NamedTuple):
    """What is kept of every run; there are so many of them that each byte counts."""

    mover: str
    """The uid of its mover; empty where that is not known yet."""
    phase: str
    execution: str
    """The id of its execution; empty for one that AWS has not started."""
    started: float
    """When it was started, or else made, in seconds since 1970."""

    @classmethod
    def of(cls, raw: JsonObject) -> Self:
        """The digest of a run as it is stored, which no model has read: that would take ten times as long."""
        metadata, status = metadata_of(raw), part_of(raw, "status")
        mover, phase = status.get("moverUid") or _controller(metadata), status.get("phase")
        began = status.get("startTime") or metadata.get("creationTimestamp")
        return cls(
            sys.intern(str(mover)),
            sys.intern(str(phase or "")),
            execution_id(status.get("executionArn")),
            _seconds(began),
        )

    def keys(self) -> Iterator[Hashable]:
        """The keys under which the run is found."""
        yield self.mover
        if not self.execution:
            yield UNSTARTED


def execution_id(arn: object) -> str:
    """The last part of an execution's ARN; empty where there is none yet."""
    return str(arn or "").rsplit("/", 1)[-1]


def _controller(metadata: JsonObject) -> str:
    """The uid of the mover that owns an object; empty where none does."""
    owners = metadata.get("ownerReferences")
    for owner in owners if isinstance(owners, list) else ():
        if isinstance(owner, dict) and owner.get("kind") == "DataMover" and owner.get("controller"):
            return str(owner.get("uid", ""))
    return ""


def _seconds(text: JsonValue) -> float:
    try:
        return from_timestamp(str(text)).timestamp()
    except ValueError:
        return 0.0
