"""What a run was started with of its mover's spec, which may change while the run goes on.

It is recorded with the run's claim, before the start. An annotation is anybody's to write: it is read as a spec is, and
what it names is judged by the account's grants as what a spec names is.
"""

from __future__ import annotations

from typing import Final

from datamover_crds import DataMover, DataMoverRun, DataMoverSpec, InvalidObject, JsonObject, dump, parse, read_json
from datamover_crds.contract import CLAIM_ANNOTATION

_TAKEN: Final = {
    "accountRef": "account_ref",
    "source": "source",
    "destination": "destination",
    "select": "select",
    "manifestConfig": "manifest_config",
    "taskReportConfig": "task_report_config",
}
"""Not the filters: they may have more characters than annotations may."""


def taken_from(mover: DataMover) -> JsonObject:
    """What is recorded."""
    return {name: value for name, value in dump(mover.spec).items() if name in _TAKEN}


def as_started(run: DataMoverRun, mover: DataMover) -> DataMover:
    """The mover as the run was started with it; as it is now where that was not recorded, or can't be read."""
    try:
        claim = read_json(run.metadata.annotations.get(CLAIM_ANNOTATION, ""))
        match claim:
            case {"spec": {**recorded}}:
                spec = parse(DataMoverSpec, {str(name): value for name, value in recorded.items() if name in _TAKEN})
            case _:
                return mover
    except (ValueError, InvalidObject):
        return mover
    taken = {field: getattr(spec, field) for field in _TAKEN.values()}
    return mover.model_copy(update={"spec": mover.spec.model_copy(update=taken)})
