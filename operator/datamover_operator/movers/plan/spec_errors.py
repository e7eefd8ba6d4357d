"""What is wrong with a mover's spec in itself, beyond what its schema can tell: looked for before any call to AWS."""

from __future__ import annotations

from datamover_crds import DataMoverSpec
from datamover_crds.arns import problem_with
from datamover_operator.movers.plan.desired import location_of, location_path
from datamover_operator.movers.plan.names import SIDES
from datamover_operator.movers.plan.once import once
from datamover_operator.movers.plan.transfer_files import mistake_in


@once
def first_mistake(spec: DataMoverSpec) -> str | None:
    """The first one, as a message that names field, value and what is accepted; None = all is right."""
    for side in SIDES:
        found = location_of(spec, side).mistake(location_path(spec, side))
        if found is not None:
            return found
    log_group, adopt = spec.cloud_watch_log_group_arn, spec.adopt
    if log_group is not None and (found := problem_with("log_group", "spec.cloudWatchLogGroupArn", log_group)):
        return found
    if found := mistake_in(spec.manifest_config, spec.task_report_config, spec):
        return found
    return problem_with("task", "spec.adopt.taskArn", adopt.task_arn) if adopt is not None else None
