"""Which DataMoverRun objects a mover makes and takes away: for triggers, for others' executions, beyond the history."""

from __future__ import annotations

from datetime import datetime, timedelta

from datamover_crds import from_timestamp
from datamover_crds.contract import LAST_TRIGGER_ANNOTATION
from datamover_operator.movers.plan.names import execution_run_name, trigger_run_name
from datamover_operator.movers.plan.observed import ExternalExecution, Observed
from datamover_operator.movers.plan.schedules import next_start
from datamover_operator.movers.plan.status import last_description
from datamover_operator.movers.plan.steps import Annotate, CreateRun, DropLostRun, Step
from datamover_operator.runs.plan.history import history_steps
from datamover_operator.runs.plan.ownership import belongs_to

SCHEDULE_SLACK = timedelta(minutes=3)


def recall_trigger(o: Observed) -> tuple[Step, ...]:
    """A task from before the status was lost, or from before it was adopted: its token counts as done (I3)."""
    stored, token = o.mover.status, _open_token(o)
    is_from_before = o.task is not None and stored.task_arn is None and stored.intent is None
    return (Annotate({LAST_TRIGGER_ANNOTATION: token}),) if token is not None and is_from_before else ()


def run_object_steps(o: Observed, now: datetime) -> tuple[Step, ...]:
    """What to do next about the mover's run objects."""
    makes = () if o.namespace_goes else (_record_external_executions(o), _trigger(o))
    rooms = (_drop_lost_run(o), *makes, history_steps(o.mover.spec.run_history, o.runs, now))
    return next((steps for steps in rooms if steps), ())


def _drop_lost_run(o: Observed) -> tuple[Step, ...]:
    holder = o.mover.status.current_run
    if holder is None or any(run.metadata.uid == holder.uid for run in o.runs):
        return ()
    return (DropLostRun(holder.name, holder.uid),)


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
    return (CreateRun(name, "trigger"),)


def _open_token(o: Observed) -> str | None:
    """The trigger's token, unless it has been acted on."""
    token = o.mover.spec.trigger.manual if o.mover.spec.trigger is not None else None
    return None if token in {o.mover.status.last_trigger, o.annotated.get(LAST_TRIGGER_ANNOTATION)} else token


def _origin(o: Observed, stranger: ExternalExecution) -> str:
    """DataSync does not tell who started an execution; one that starts when the schedule says so is the schedule's."""
    started = from_timestamp(stranger.started_at)
    due = next_start(last_description(o), started - SCHEDULE_SLACK)
    return "schedule" if due is not None and from_timestamp(due) <= started + SCHEDULE_SLACK else "external"
