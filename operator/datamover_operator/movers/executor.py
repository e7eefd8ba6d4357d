"""One pass over one mover: carries steps out in order, and keeps what it learns."""

from __future__ import annotations

from dataclasses import replace

from pydantic import JsonValue

from datamover_crds import DataMover, DataMoverStatus, JsonObject, ObjectMeta, dump
from datamover_crds.common import API_VERSION
from datamover_crds.contract import EXECUTION_ANNOTATION, FINALIZER, ORIGIN_LABEL
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.aws.ports import Aws, send_before
from datamover_operator.controller.context import Context
from datamover_operator.kube.cache import Entry, metadata_of
from datamover_operator.kube.client import KubeError
from datamover_operator.movers.aws_steps import apply
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.memory import MoverMemory
from datamover_operator.movers.plan.observed import Observed, StepFailure
from datamover_operator.movers.plan.status import intent_of, notes_of, status_of
from datamover_operator.movers.plan.steps import (
    AddFinalizer,
    Annotate,
    AwsStep,
    ClaimIntent,
    CreateRun,
    DeleteRun,
    DropLostRun,
    KubeStep,
    Note,
    Plan,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    Record,
    RemoveFinalizer,
    UpdateLocation,
    UpdateTask,
)
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.claims import belonging
from datamover_operator.runs.plan.history import latest
from datamover_operator.runs.plan.ownership import belongs_to


class MoverPass:
    """Holds one pass' knowledge (`o`) and the stored object it goes on from. All methods raise KubeError."""

    def __init__(
        self, context: Context, entry: Entry[DataMover], o: Observed, aws: Aws | None, memory: MoverMemory
    ) -> None:
        """Start from the object in `entry`, as observed in `o`."""
        self.o = o
        self.released = False
        self._context = context
        self._raw = entry.raw
        self._aws = aws
        self._memory = memory

    async def take(self, plan: Plan) -> None:
        """Carry out a plan's steps: writes to Kubernetes one by one, calls to AWS side by side."""
        calls = []
        for step in plan.steps:
            if isinstance(step, KubeStep):
                await self._write(step, plan)
            else:
                calls.append(step)
        if calls:
            await self._call(calls)

    async def finish(self, plan: Plan) -> None:
        """Write the status that follows from the pass, if it is another than the stored one."""
        is_gone = self.released or (self.o.mover.metadata.deletion_timestamp is not None and not self.o.finalizer)
        if not is_gone:
            await self._record(plan)

    async def _call(self, steps: list[AwsStep]) -> None:
        assert self._aws is not None  # noqa: S101 - without a way in there are no such steps
        updates = repr([step for step in steps if isinstance(step, UpdateTask | UpdateLocation)])
        if updates != "[]" and updates == self._memory.last_update:
            self.o = replace(self.o, failures=(*self.o.failures, _not_kept(steps)))
            return
        new_rights = {
            side
            for step in steps
            if isinstance(step, PutRolePolicy | PutRolePermissionsBoundary)
            for side in step.sides
        }
        self.o = await apply(replace(self.o, new_rights=self.o.new_rights | new_rights), self._aws, steps)
        self._memory.rights_changed |= dict.fromkeys(new_rights, self._context.clock.tick())
        if updates != "[]":
            self._memory.last_update = "" if self.o.failures else updates
        if self.o.intent_claimed:
            in_doubt = any(each.failure.kind is FailureKind.UNKNOWN_OUTCOME for each in self.o.failures)
            self._memory.carried = None if in_doubt else self.o

    async def _write(self, step: KubeStep, plan: Plan) -> None:
        match step:
            case AddFinalizer():
                finalizers: list[JsonValue] = [*self.o.mover.metadata.finalizers, FINALIZER]
                self._take_in(await self._context.writer.metadata(MOVER, self._raw, {"finalizers": finalizers}))
                self._memory.empty = self.o.is_blank
            case RemoveFinalizer():
                finalizers = [each for each in self.o.mover.metadata.finalizers if each != FINALIZER]
                await self._context.writer.metadata(MOVER, self._raw, {"finalizers": finalizers})
                self.released = True
            case ClaimIntent():
                await self._claim(step, plan)
            case Record():
                await self._record(plan)
            case Annotate():
                self._take_in(
                    await self._context.writer.metadata(MOVER, self._raw, {"annotations": dict(step.annotations)})
                )
            case CreateRun():
                await self._create_run(step)
            case DeleteRun():
                namespace = self.o.identity.namespace
                await self._context.writer.delete(RUN, namespace, step.name, step.uid)
                self.o = replace(
                    self.o,
                    runs=tuple(run for run in self.o.runs if run.metadata.uid != step.uid),
                    pruned_before=latest(self.o.pruned_before, step.started_at),
                )
            case DropLostRun():
                await self._drop_lost_run(step)

    async def _claim(self, step: ClaimIntent, plan: Plan) -> None:
        settings = self._context.settings
        send_before.set(
            self._context.clock.tick() + settings.settling_seconds - settings.aws_call_timeout_seconds,
        )
        status = status_of(self.o, plan, self._context.clock.now())
        try:
            await self._store(status.model_copy(update={"intent": intent_of(self.o, step.calls)}), plan)
        except KubeError:
            self._memory.resolved = self.o.nonce  # it may stand there, but nothing has been sent under it
            raise
        self.o = replace(self.o, intent_claimed=True)
        self._memory.empty = False

    async def _record(self, plan: Plan) -> None:
        status = status_of(self.o, plan, self._context.clock.now())
        if status == self.o.mover.status:
            return
        await self._store(status, plan)
        if self.o.intent_claimed and status.intent is None:
            self.o = replace(self.o, intent_claimed=False)
            self._memory.empty = self.o.is_blank
            self._memory.created_generation = None if self.o.failures else self.o.generation

    async def _store(self, status: DataMoverStatus, plan: Plan) -> None:
        """Write a status that names everything this process knows, and tell what is new in it."""
        before = self.o.mover.status
        self._take_in(await self._context.writer.status(MOVER, self._raw, dump(status)))
        self._memory.carried = None
        for note in notes_of(before, status, plan):
            self._tell(note)

    async def _create_run(self, step: CreateRun) -> None:
        identity = self.o.identity
        meta = belonging(identity, ObjectMeta(labels={ORIGIN_LABEL: step.origin}))
        metadata = meta | {"name": step.name, "namespace": identity.namespace}
        if step.execution_arn is not None:  # what has been started is to be cancelled with its object
            metadata |= {"annotations": {EXECUTION_ANNOTATION: step.execution_arn}, "finalizers": [FINALIZER]}
        body: JsonObject = {
            "apiVersion": API_VERSION,
            "kind": "DataMoverRun",
            "metadata": metadata,
            "spec": {"moverRef": {"name": identity.name}},
        }
        try:
            await self._context.writer.create(RUN, identity.namespace, body)
        except KubeError as error:
            if error.is_terminating:
                self.o = replace(self.o, namespace_goes=True)
            elif error.is_already_there:
                await self._meet_run(step)
            else:
                raise
        runs = self._context.caches[RUN].under((identity.namespace, identity.name))
        external_executions = tuple(each for each in self.o.external_executions if each.arn != step.execution_arn)
        self.o = replace(self.o, runs=tuple(runs), external_executions=external_executions)

    async def _meet_run(self, step: CreateRun) -> None:
        """A run has the name already: the mover's own, which the cache has not seen yet, or another's."""
        raw = await self._context.writer.read(RUN, self.o.identity.namespace, step.name)
        run = self._context.caches[RUN].put(raw).model if raw is not None else None
        is_own = run is not None and run.spec.mover_ref.name == self.o.identity.name and belongs_to(run, self.o.uid)
        if is_own or step.execution_arn is not None:
            return
        if raw is None or metadata_of(raw).get("deletionTimestamp"):
            raise KubeError(409, "Conflict", f"run '{step.name}' is being deleted")
        message = f"run '{step.name}' exists already and belongs to another mover; delete it, or set another token"
        self.o = replace(
            self.o,
            failures=(
                *self.o.failures,
                StepFailure(Failure(FailureKind.REFUSED, "Create", "AlreadyExists", message), step.path),
            ),
        )

    async def _drop_lost_run(self, step: DropLostRun) -> None:
        """The cache may not have seen the run yet: only the API server knows that it is gone."""
        raw = await self._context.writer.read(RUN, self.o.identity.namespace, step.name)
        if raw is not None and metadata_of(raw).get("uid") == step.uid:
            runs = self._context.caches[RUN].under((self.o.identity.namespace, self.o.identity.name))
            self.o = replace(self.o, runs=tuple(runs))
            return
        waiting = self.o.mover.status.queued_runs
        dropped = {"current_run": waiting[0] if waiting else None, "queued_runs": waiting[1:]}
        status = self.o.mover.status.model_copy(update=dropped)
        self._take_in(await self._context.writer.status(MOVER, self._raw, dump(status)))

    def _take_in(self, raw: JsonObject) -> None:
        """Go on from what the API server has answered, unless what is wanted has changed meanwhile."""
        entry = self._context.caches[MOVER].put(raw)
        mover, meta = entry.model, self.o.mover.metadata
        if (mover.metadata.uid, mover.metadata.generation) != (meta.uid, meta.generation):
            raise KubeError(409, "Conflict", "the object changed during the pass")
        self._raw = entry.raw
        self.o = replace(
            self.o, mover=mover, finalizer=FINALIZER in mover.metadata.finalizers, annotated=mover.metadata.annotations
        )

    def _tell(self, note: Note) -> None:
        self._context.events.tell(self._raw, note.reason, note.message, warning=note.warning)


def _not_kept(steps: list[AwsStep]) -> StepFailure:
    step = next(each for each in steps if isinstance(each, UpdateTask | UpdateLocation))
    operation = "UpdateTask" if isinstance(step, UpdateTask) else "UpdateLocation"
    message = f"AWS accepted the change but did not keep it: {', '.join(sorted(step.changes))}"
    return StepFailure(Failure(FailureKind.REFUSED, operation, "NotKept", message), step.path)
