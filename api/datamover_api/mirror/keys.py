"""By which names clients know a mover: its group and its name, as tags and spec hold them."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from datamover_crds import Condition, DataMover, DataMoverRun
from datamover_crds.contract import ORIGIN_LABEL, REST_ORIGIN, TASK_ARN_ANNOTATION
from datamover_crds.legacy import GROUP_TAG

ALL: Final = "all"
"""Under this key are the movers that readers see."""
FAILED: Final = "failed"
"""Under this key are the movers whose creation has failed."""


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
    """A mover's key. One that was made by other means may lack the group's tag: its namespace is its group then."""
    groups = [tag.value for tag in mover.spec.tags if tag.key == GROUP_TAG]
    return MoverKey(groups[0] if groups else mover.metadata.namespace, name_of(mover))


def name_of(mover: DataMover) -> str:
    """A mover's name as clients know it: the task's."""
    return mover.spec.name or mover.metadata.name


def is_shown(mover: DataMover) -> bool:
    """Whether readers see the mover: from its task's creation until its deletion is asked for."""
    observed = mover.status.observed
    return mover.metadata.deletion_timestamp is None and observed is not None and observed.task is not None


def has_failed(mover: DataMover) -> bool:
    """Whether a client made the mover, and it came to nothing that could be lost.

    Its status alone does not tell: one that has worked may have lost it, but keeps its task's ARN.
    """
    meta, status = mover.metadata, mover.status
    had_task = status.task_arn is not None or status.observed is not None or TASK_ARN_ANNOTATION in meta.annotations
    if had_task or meta.deletion_timestamp is not None or meta.labels.get(ORIGIN_LABEL) != REST_ORIGIN:
        return False
    is_current = status.observed_generation == meta.generation
    return is_current and is_true(status.conditions, "Stalled")


def is_true(conditions: Iterable[Condition], kind: str) -> bool:
    """Whether a condition stands."""
    return any(each.type == kind and each.status == "True" for each in conditions)


def mover_index(mover: DataMover) -> Iterator[Hashable]:
    """The keys under which a mover is found."""
    key = key_of(mover)
    yield key
    if is_shown(mover):
        yield Group(key.group)
        yield ALL
    if has_failed(mover):
        yield FAILED


def run_index(run: DataMoverRun) -> tuple[Hashable, ...]:
    """The key under which a run is found: the uid of its mover; empty where that is not known yet."""
    owners = [owner.uid for owner in run.metadata.owner_references if owner.kind == "DataMover" and owner.controller]
    return (run.status.mover_uid or (owners[0] if owners else ""),)
