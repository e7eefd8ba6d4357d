"""DataMoverRuns in a cache: found by their mover, and, as long as they have not ended, among the active ones."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from datamover_common.kube.objects import metadata_of, part_of, reference
from datamover_crds import DataMoverRun, JsonObject
from datamover_crds.contract import EXECUTION_ANNOTATION, FINAL_PHASES
from datamover_operator.kube.kinds import Kind

ACTIVE: Hashable = "active"
"""The key of all runs that have not ended."""


def by_mover(namespace: str, name: str) -> Hashable:
    """The key of all runs of a mover."""
    return namespace, name


def active_by_mover(namespace: str, name: str) -> Hashable:
    """The key of a mover's runs that have not ended."""
    return namespace, name, ACTIVE


def active_by_execution(arn: str) -> Hashable:
    """The key of the runs that say that they stand for an execution and have not ended."""
    return "execution", ACTIVE, arn


def mover_of(keys: Iterable[Hashable]) -> tuple[str, str]:
    """The namespace and name of a run's mover, which come first among the run's keys."""
    first = next(iter(keys))
    return first if isinstance(first, tuple) else ("", "")


def execution_in(keys: Iterable[Hashable]) -> str:
    """The execution among a run's keys; empty where the run stands for none, or has ended."""
    return next((str(key[2]) for key in keys if isinstance(key, tuple) and key[:2] == ("execution", ACTIVE)), "")


def _keys(raw: JsonObject) -> Iterable[Hashable]:
    metadata, status = metadata_of(raw), part_of(raw, "status")
    mover = str(metadata.get("namespace", "")), reference(raw, "moverRef")
    yield by_mover(*mover)
    if status.get("phase") not in FINAL_PHASES:
        yield from (active_by_mover(*mover), ACTIVE)
        arn = status.get("executionArn") or part_of(metadata, "annotations").get(EXECUTION_ANNOTATION)
        if isinstance(arn, str):
            yield active_by_execution(arn)


RUN = Kind(DataMoverRun, _keys)
