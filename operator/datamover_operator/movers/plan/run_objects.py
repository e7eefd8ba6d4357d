"""Which DataMoverRun objects a mover creates and deletes: for triggers, external executions, the history limit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import assert_never

from datamover_crds import DataMoverRun, JsonObject, ObjectMeta, from_timestamp
from datamover_crds.common import API_VERSION
from datamover_crds.contract import (
    EXECUTION_ANNOTATION,
    EXTERNAL_ORIGIN,
    FINALIZER,
    LAST_TRIGGER_ANNOTATION,
    ORIGIN_LABEL,
    SCHEDULE_ORIGIN,
    TRIGGER_ORIGIN,
)
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.intervals import interval_steps
from datamover_operator.movers.plan.known import ExternalExecution
from datamover_operator.movers.plan.names import Identity, execution_run_name, trigger_run_name
from datamover_operator.movers.plan.observed import Observed
from datamover_operator.movers.plan.run_steps import CreateRun, DeleteRun, DropLostRun, LookForRun
from datamover_operator.movers.plan.schedules import next_start
from datamover_operator.movers.plan.status import last_description
from datamover_operator.movers.plan.steps import Annotate, Step
from datamover_operator.runs.plan.claims import belonging
from datamover_operator.runs.plan.history import history_steps, latest
from datamover_operator.runs.plan.ownership import belongs_to

SCHEDULE_SLACK = timedelta(minutes=3)


@dataclass(frozen=True, slots=True)
class NameObstacle:
    """A run can't be made, because of another object of its name; `passes` = that one goes by itself."""

    name: str
    passes: bool


@dataclass(frozen=True, slots=True)
class RunMade:
    """The run has been made; `runs` are all of the mover's since."""

    step: CreateRun
    runs: tuple[DataMoverRun, ...]


@dataclass(frozen=True, slots=True)
class RunExists:
    """A run has that name already: this one, unless it is gone again. `runs` are all of the mover's since."""

    step: CreateRun
    found: DataMoverRun | None
    runs: tuple[DataMoverRun, ...]


@dataclass(frozen=True, slots=True)
class NamespaceGoes:
    """The namespace is being deleted: no object can be made in it."""

    step: CreateRun


@dataclass(frozen=True, slots=True)
class RunDeleted:
    """The run is gone, or goes."""

    step: DeleteRun


@dataclass(frozen=True, slots=True)
class RunSought:
    """What the API server has under the run's name. `runs` are all of the mover's since."""

    step: LookForRun
    found: DataMoverRun | None
    runs: tuple[DataMoverRun, ...]


RunObjectResult = RunMade | RunExists | NamespaceGoes | RunDeleted | RunSought


def after_run_object(o: Observed, result: RunObjectResult) -> Observed:
    """What is known after a step that makes, deletes or looks for a run object."""
    match result:
        case RunMade():
            return replace(_recorded(o, result.step), runs=result.runs)
        case RunExists():
            names = {**o.same_names, result.step.name: result.found} if result.step.execution_arn is None else {}
            return replace(_recorded(o, result.step), runs=result.runs, same_names=names)
        case NamespaceGoes():
            return changed(o, namespace_goes=True)
        case RunDeleted():
            runs = tuple(run for run in o.runs if run.metadata.uid != result.step.uid)
            return changed(o, runs=runs, pruned_before=latest(o.pruned_before, result.step.started_at))
        case RunSought():
            is_lost = result.found is None or result.found.metadata.uid != result.step.uid
            return changed(o, runs=result.runs, lost_runs=o.lost_runs | ({result.step.uid} if is_lost else set()))
        case _:
            assert_never(result)


def run_object(identity: Identity, step: CreateRun) -> JsonObject:
    """The DataMoverRun that a step makes. What has been started already is to be cancelled with its object."""
    metadata = belonging(identity, ObjectMeta(labels={ORIGIN_LABEL: step.origin}))
    metadata |= {"name": step.name, "namespace": identity.namespace}
    if step.execution_arn is not None:
        metadata |= {"annotations": {EXECUTION_ANNOTATION: step.execution_arn}, "finalizers": [FINALIZER]}
    spec: JsonObject = {"moverRef": {"name": identity.name}}
    return {"apiVersion": API_VERSION, "kind": "DataMoverRun", "metadata": metadata, "spec": spec}


def _recorded(o: Observed, step: CreateRun) -> Observed:
    """The execution, if the run stands for one, has its run now, no matter who created it."""
    return changed(
        o, external_executions=tuple(each for each in o.external_executions if each.arn != step.execution_arn)
    )


def recall_trigger(o: Observed) -> tuple[Step, ...]:
    """A task from before the status was lost, or from before it was adopted: its token counts as done (I3)."""
    stored, token = o.mover.status, _open_token(o)
    is_from_before = o.task is not None and stored.task_arn is None and stored.bookkeeping.intent is None
    return (Annotate({LAST_TRIGGER_ANNOTATION: token}),) if token is not None and is_from_before else ()


def run_object_steps(o: Observed, now: datetime) -> tuple[Step, ...]:
    """What to do next about the mover's run objects."""
    makes = () if o.namespace_goes else (_record_external_executions(o), _trigger(o), interval_steps(o, now))
    rooms = (_drop_lost_run(o), *makes, history_steps(o.mover.spec.run_history, o.runs, now))
    return next((steps for steps in rooms if steps), ())


def _drop_lost_run(o: Observed) -> tuple[Step, ...]:
    """The cache may not have seen the run yet: only the API server knows that it is gone."""
    holder = o.mover.status.current_run
    if holder is None or any(run.metadata.uid == holder.uid for run in o.runs):
        return ()
    return (DropLostRun() if holder.uid in o.lost_runs else LookForRun(holder.name, holder.uid),)


def _record_external_executions(o: Observed) -> tuple[Step, ...]:
    name = o.identity.name
    return tuple(
        CreateRun(execution_run_name(name, each.arn), _origin(o, each), each.arn) for each in o.external_executions
    )


def _trigger(o: Observed) -> tuple[Step, ...]:
    token = _open_token(o)
    if token is None or o.mover.spec.suspend:
        return ()
    name = trigger_run_name(o.identity.name, token)
    if any(run.metadata.name == name and belongs_to(run, o.uid) for run in o.runs):
        return (Annotate({LAST_TRIGGER_ANNOTATION: token}),)
    return () if name in o.same_names else (CreateRun(name, TRIGGER_ORIGIN),)


def name_obstacle(o: Observed) -> NameObstacle | None:
    """What has the name of the run that the trigger's token asks for, where that is no run of this mover."""
    token = _open_token(o)
    name = trigger_run_name(o.identity.name, token) if token is not None else ""
    if name not in o.same_names:
        return None
    run = o.same_names[name]
    if run is not None and run.spec.mover_ref.name == o.identity.name and belongs_to(run, o.uid):
        return None
    return NameObstacle(name, passes=run is None or run.metadata.deletion_timestamp is not None)


def _open_token(o: Observed) -> str | None:
    """The trigger's token, unless it has been acted on."""
    token = o.mover.spec.trigger.manual if o.mover.spec.trigger is not None else None
    return None if token in {o.mover.status.last_trigger, o.annotations.get(LAST_TRIGGER_ANNOTATION)} else token


def _origin(o: Observed, stranger: ExternalExecution) -> str:
    """DataSync does not tell who started an execution; one that starts when the schedule says so is the schedule's."""
    started = from_timestamp(stranger.started_at)
    due = next_start(last_description(o), started - SCHEDULE_SLACK)
    return SCHEDULE_ORIGIN if due is not None and from_timestamp(due) <= started + SCHEDULE_SLACK else EXTERNAL_ORIGIN
