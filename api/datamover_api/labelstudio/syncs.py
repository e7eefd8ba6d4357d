"""Runs as syncs: numbered, so that the API server lets only one of several that start at once be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Final

from datamover_crds import DataMover, DataMoverRun, DataMoverRunSpec, MoverRef, ObjectMeta
from datamover_crds.contract import FINAL_PHASES, LABEL_STUDIO_ORIGIN, MOVER_LABEL, ORIGIN_LABEL, run_owner

_NUMBER: Final = re.compile("[0-9]{1,18}")


def in_order(runs: Iterable[DataMoverRun]) -> list[DataMoverRun]:
    """Runs, the oldest first."""
    return sorted(runs, key=lambda run: (run.metadata.creation_timestamp or "", _number(run)))


def active_run(runs: Sequence[DataMoverRun]) -> DataMoverRun | None:
    """The run that has not ended."""
    return next((run for run in runs if run.status.phase not in FINAL_PHASES), None)


def next_run(mover: DataMover, runs: Sequence[DataMoverRun]) -> DataMoverRun:
    """The run after these."""
    meta = mover.metadata
    number = max(map(_number, runs), default=0) + 1
    return DataMoverRun(
        metadata=ObjectMeta(
            name=f"{meta.name}-{number}",
            namespace=meta.namespace,
            labels={MOVER_LABEL: meta.name, ORIGIN_LABEL: LABEL_STUDIO_ORIGIN},
            owner_references=(run_owner(meta.name, meta.uid),),
        ),
        spec=DataMoverRunSpec(mover_ref=MoverRef(name=meta.name)),
    )


def _number(run: DataMoverRun) -> int:
    """The number at the end of a run's name; 0 for one that somebody else has named."""
    prefix, _, number = run.metadata.name.rpartition("-")
    return int(number) if prefix == run.spec.mover_ref.name and _NUMBER.fullmatch(number) else 0
