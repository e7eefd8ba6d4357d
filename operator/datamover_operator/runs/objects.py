"""What one run does about other run objects: makes the one that repeats it, marks the one that it replaces."""

from __future__ import annotations

from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_crds import DataMoverRun, JsonObject
from datamover_operator.controller.context import Context
from datamover_operator.runs.kind import RUN


async def create_run(context: Context, body: JsonObject) -> bool:
    """Make a run; whether it exists now. It does not where the namespace is being deleted. Raises KubeError."""
    try:
        await context.writer.create(RUN, str(metadata_of(body)["namespace"]), body)
    except KubeError as error:
        if error.is_terminating:
            return False
        if not error.is_already_there:
            raise
    return True


async def annotate_run(context: Context, run: DataMoverRun, annotations: JsonObject) -> None:
    """Annotate a run as it is known now, and have it looked at; one that is gone is left alone. Raises KubeError."""
    entry = context.caches[RUN].get(run.metadata.uid)
    if entry is None:
        return
    try:
        await context.writer.metadata(RUN, entry.raw, {"annotations": annotations})
    except KubeError as error:
        if not (error.is_conflict or error.is_not_found):
            raise
        await context.writer.read(RUN, run.metadata.namespace, run.metadata.name)
        raise
    context.queue.add((RUN, entry.uid))
