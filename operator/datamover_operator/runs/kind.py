"""DataMoverRuns in a cache: found by their mover, and, as long as they have not ended, among the active ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from datamover_common.kube.objects import metadata_of, part_of, reference
from datamover_crds import DataMoverRun, JsonObject
from datamover_crds.contract import FINAL_PHASES
from datamover_operator.kube.kinds import Kind

ACTIVE: Hashable = "active"
"""The key of all runs that have not ended."""


def by_mover(namespace: str, name: str) -> Hashable:
    """The key of all runs of a mover."""
    return namespace, name


def active_by_mover(namespace: str, name: str) -> Hashable:
    """The key of a mover's runs that have not ended."""
    return namespace, name, ACTIVE


def _keys(raw: JsonObject) -> Iterable[Hashable]:
    mover = str(metadata_of(raw).get("namespace", "")), reference(raw, "moverRef")
    if part_of(raw, "status").get("phase") in FINAL_PHASES:
        return [by_mover(*mover)]
    return [by_mover(*mover), active_by_mover(*mover), ACTIVE]


RUN = Kind(DataMoverRun, _keys)
