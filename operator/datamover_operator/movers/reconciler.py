"""The reconcile loop of one mover: gather, plan, apply, record."""

from __future__ import annotations

import structlog

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMover, DataMoverAccount, from_timestamp
from datamover_crds.contract import UNFINISHED_FOR, is_true, is_unfinished
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.aws.failure import AwsError
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.kube.kinds import Entry
from datamover_operator.movers.executor import MoverPass
from datamover_operator.movers.gather import Depth, Gatherer, carry, depth_of, doubt_of, known
from datamover_operator.movers.kind import MOVER, by_role
from datamover_operator.movers.listings import Listings
from datamover_operator.movers.memory import Memories, MoverMemory, Rest
from datamover_operator.movers.ownership import ClusterState
from datamover_operator.movers.plan.aws_preconditions import OF_WHAT_AWS_HAS
from datamover_operator.movers.plan.copies import changed
from datamover_operator.movers.plan.failures import ROLE_PROPAGATION
from datamover_operator.movers.plan.intervals import next_interval_start
from datamover_operator.movers.plan.late_starts import next_look
from datamover_operator.movers.plan.names import Identity, account_finalizer
from datamover_operator.movers.plan.observed import Observed, StepFailure, is_just_let_go, is_ready
from datamover_operator.movers.plan.places import elsewhere
from datamover_operator.movers.plan.planner import plan_mover
from datamover_operator.movers.plan.preconditions import BEFORE_AWS_IS_ASKED, OF_SECRETS, first_unmet
from datamover_operator.movers.plan.steps import Plan
from datamover_operator.movers.plan.suspend import has_to_be_looked_at
from datamover_operator.movers.plan.time_zones import expression_in_utc
from datamover_operator.movers.reads import look_at_task
from datamover_operator.movers.secrets import MoverSecrets
from datamover_operator.movers.tag_index import TagIndex
from datamover_operator.movers.wake import wake_runs
from datamover_operator.runs.kind import RUN

_MAX_ROUNDS = 40
_log = structlog.get_logger(__name__)


class MoverReconciler:
    """Reconciles movers, one pass at a time for each."""

    def __init__(self, context: Context, connections: Connections, memories: Memories, secrets: MoverSecrets) -> None:
        """`connections` knows the way into each account, `secrets` what locations' Secrets hold."""
        self._secrets = secrets
        self._context = context
        self._connections = connections
        self._memories = memories
        listings = Listings(TagIndex(), context.clock.tick)
        self._gatherer = Gatherer(listings, context.settings.settling_seconds, context.settings.refused_retry_seconds)
        self._role_settling = 2 * context.settings.settling_seconds

    async def reconcile(self, uid: str) -> None:
        """Bring one mover nearer to what it declares, and say when to look again."""
        context = self._context
        entry = context.caches[MOVER].get(uid)
        if entry is None:
            self._memories.forget(uid)
            context.queue.forget((MOVER, uid))
            return
        memory = self._memories.of(uid)
        mover = entry.model
        if is_unfinished(mover.metadata, context.clock.now()):
            context.queue.add_after((MOVER, uid), UNFINISHED_FOR.total_seconds())
            return
        rest = self._rests_for(mover, memory)
        if rest > 0:
            context.queue.add_after((MOVER, uid), rest)
            return
        try:
            await self._pass(entry, mover, memory)
        except KubeError as error:
            await self._lost_race(entry, error)

    async def _pass(self, entry: Entry[DataMover], mover: DataMover, memory: MoverMemory) -> None:
        cluster = self._cluster_state(mover)
        if self._waits_in_silence(mover, cluster.account):
            return  # this process has just started, or the access is another: it is woken with the first answer
        aws = self._connections.aws_for(mover.spec.account_ref.name)
        o = self._observed(mover, entry.problem, memory, cluster, aws)
        o = changed(o, unmet=first_unmet(BEFORE_AWS_IS_ASKED, o))
        if o.unmet is None and not o.is_being_deleted:
            o = await self._secrets.read(o)
            o = changed(o, unmet=first_unmet(OF_SECRETS, o))
        if aws is not None and (o.is_being_deleted or o.unmet is None) and elsewhere(o) is None:
            o = await self._gather(o, aws, memory, cluster)
        o = changed(o, unmet=o.unmet or first_unmet(OF_WHAT_AWS_HAS, o))
        if aws is not None and has_to_be_looked_at(o) and elsewhere(o) is None:
            o = await look_at_task(o, aws)
        o = changed(o, shared_roles=self._shared_roles(o))
        run = MoverPass(self._context, entry, o, aws, memory)
        plan = await self._drive(run, memory)
        if plan.reads_back and aws is not None and not self._context.queue.is_wanted((MOVER, o.uid)):
            run.o = await self._read_back(run.o, aws, memory)
            plan = await self._drive(run, memory)
        await run.finish(plan)
        self._arrange(run.o, plan, memory)

    def _waits_in_silence(self, mover: DataMover, account: DataMoverAccount | None) -> bool:
        """Whether it is not known yet if the account can be used, and the mover can wait without a message."""
        if account is None or self._connections.is_judged(account.metadata.name) or is_just_let_go(mover):
            return False
        is_steady = mover.metadata.deletion_timestamp is None and is_ready(mover)
        return is_steady or not self._connections.is_asked(account.metadata.name)

    def _observed(
        self, mover: DataMover, problem: str, memory: MoverMemory, cluster: ClusterState, aws: Aws | None
    ) -> Observed:
        meta = mover.metadata
        identity = Identity(meta.uid, self._context.cluster_id, meta.namespace, meta.name)
        holders = cluster.account.metadata.finalizers if cluster.account is not None else ()
        o = known(mover, identity, cluster, self._context.instance, self._context.nonce())
        o = changed(
            o,
            connected=aws is not None,
            backlog=aws.backlog() if aws is not None else 0.0,
            problem=problem,
            account_kept=account_finalizer(self._context.settings.operator) in holders,
            schedule_expression=expression_in_utc(mover.spec, self._context.clock.now()),
        )
        since = self._context.clock.tick() - ROLE_PROPAGATION.total_seconds()
        new_rights = frozenset(side for side, at in memory.new_rights.items() if at > since)
        o = changed(o, new_rights=new_rights, accepted=memory.accepted)
        o = carry(o, memory.carried) if memory.carried is not None else o
        roles = {role.arn for role in o.roles.values()} | {item.arn for item in o.retired if item.kind == "role"}
        young = memory.roles_younger_than(self._role_settling, self._context.clock.tick(), roles)
        o = changed(o, young_roles=young)
        return changed(o, settled=doubt_of(o, memory) is None)

    async def _gather(self, o: Observed, aws: Aws, memory: MoverMemory, cluster: ClusterState) -> Observed:
        tick = self._context.clock.tick()
        depth = depth_of(o, memory, tick)
        everything, description = memory.everything.requested, memory.description.requested
        try:
            o = await self._gatherer.settle(o, aws, memory, cluster, tick)
            if not o.settled:
                return o
            o = await self._gatherer.gather(o, aws, memory, cluster, tick)
        except AwsError as error:
            return changed(o, failures=(StepFailure(error.failure, "spec.accountRef", is_read=True),))
        if depth is not Depth.NOTHING:
            memory.description.answer(description)
            memory.next_start_check = None
        if depth is Depth.ALL:
            memory.next_drift_check = tick + self._drift_interval(0.9, 1.1)
            memory.everything.answer(everything)
        return o

    async def _read_back(self, o: Observed, aws: Aws, memory: MoverMemory) -> Observed:
        """Read what this pass has changed in AWS. What is created later is of another intent and nonce."""
        o = await self._gather(changed(o, nonce=self._context.nonce()), aws, memory, self._cluster_state(o.mover))
        return changed(o, unmet=o.unmet or first_unmet(OF_WHAT_AWS_HAS, o), shared_roles=self._shared_roles(o))

    def _drift_interval(self, least: float, most: float) -> float:
        return self._context.settings.drift_interval_seconds * self._context.rng.uniform(least, most)

    async def _drive(self, run: MoverPass, memory: MoverMemory) -> Plan:
        """Plan and carry out until nothing can be done now."""
        plan = plan_mover(run.o, self._context.clock.now())
        for _ in range(_MAX_ROUNDS):
            if not plan.steps:
                return plan
            await run.take(plan)
            if run.released:
                return Plan()
            plan = plan_mover(run.o, self._context.clock.now())
        _log.warning("a pass took too many rounds; continuing later", rounds=_MAX_ROUNDS)
        memory.everything.request()
        return Plan(retry=True, conditions=plan.conditions)

    def _arrange(self, o: Observed, plan: Plan, memory: MoverMemory) -> None:
        """Say when to look at the mover again."""
        context, key = self._context, (MOVER, o.uid)
        memory.rest = None
        if plan.retry:
            context.queue.retry(key)
            return
        context.queue.succeeded(key)
        if plan.again_at is not None:
            delay = max(0.0, (plan.again_at - context.clock.now()).total_seconds())
            if is_true(plan.conditions, "Stalled") and not context.queue.is_wanted(key):
                delay = min(delay, context.settings.refused_retry_seconds)
                memory.rest = Rest(o.generation, context.clock.tick() + delay)
            context.queue.add_after(key, delay)
            return
        memory.accepted = ()
        context.queue.add_after(key, max(1.0, self._next_drift_check(memory) - context.clock.tick()))
        self._look_at_next_start(o, memory)
        due = next_interval_start(o)
        if due is not None:
            context.queue.add_after(key, max(1.0, (due - context.clock.now()).total_seconds()))
        wake_runs(context, o.identity.namespace, o.identity.name)

    def _look_at_next_start(self, o: Observed, memory: MoverMemory) -> None:
        """A run that the schedule starts may be over before the next listing of tasks: it is looked for by itself."""
        scheduled = o.mover.status.next_scheduled_time
        if scheduled is None or memory.next_start_check is not None:
            return
        ahead = (from_timestamp(scheduled) - self._context.clock.now()).total_seconds()
        seconds = next_look(o, ahead, self._context.settings.refused_retry_seconds)
        memory.next_start_check = self._context.clock.tick() + seconds
        self._context.queue.add_after((MOVER, o.uid), seconds + 1)

    def _next_drift_check(self, memory: MoverMemory) -> float:
        """After a restart the steady movers' checks are spread over the whole interval; what is new can wait.

        So does a check that is due while the account is closed: its opening wakes the mover.
        """
        tick = self._context.clock.tick()
        if memory.next_drift_check is None or memory.next_drift_check <= tick:
            earliest = 0.5 if memory.made is not None else 0.0
            memory.next_drift_check = tick + self._drift_interval(earliest, 1.0)
        return memory.next_drift_check

    def _rests_for(self, mover: DataMover, memory: MoverMemory) -> float:
        """How long a spec that AWS has refused is still left alone."""
        if memory.everything.is_open or memory.rest is None or memory.rest.generation != mover.metadata.generation:
            return 0.0
        return memory.rest.until - self._context.clock.tick()

    async def _lost_race(self, entry: Entry[DataMover], error: KubeError) -> None:
        """Somebody else wrote the object, or the API server can't be reached: drop the work and gather again."""
        key = (MOVER, entry.uid)
        _log.info("a write failed", error=str(error))
        if error.is_conflict or error.is_not_found:
            try:
                await self._context.writer.read(MOVER, entry.namespace, entry.name)
            except KubeError as unread:
                _log.info("a mover could not be read", error=str(unread))
            if self._context.caches[MOVER].named(entry.namespace, entry.name) is not entry:
                self._context.queue.add(key)
                return
        self._context.queue.retry(key)

    def _shared_roles(self, o: Observed) -> frozenset[str]:
        """Those of the roles that were found, wherever, that other movers' locations use."""
        uids = self._context.caches[MOVER].uids
        arns = {role.arn for role in o.roles.values()} | {item.arn for item in o.retired}
        return frozenset(arn for arn in arns if any(uid != o.uid for uid in uids(by_role(arn))))

    def _cluster_state(self, mover: DataMover) -> ClusterState:
        caches, meta = self._context.caches, mover.metadata
        account = caches[ACCOUNT].named("", mover.spec.account_ref.name)
        return ClusterState(
            account=account.model if account is not None else None,
            runs=lambda: tuple(caches[RUN].under((meta.namespace, meta.name))),
            is_living=lambda uid: caches[MOVER].get(uid) is not None,
        )
