"""What is known about one mover at one moment: the planner's only input.

`gather` makes it, `after` carries the result of a step into it. Nothing here does I/O or reads a clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, JsonObject, Retired
from datamover_crds.contract import FINALIZER, is_true
from datamover_operator.aws.failure import Failure, FailureKind
from datamover_operator.controller.plan.conditions import ConditionsBuilder
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.known import ExternalExecution, KnownRole, Resource
from datamover_operator.movers.plan.names import SIDES, Identity, Side
from datamover_operator.movers.plan.steps import Update


@dataclass(frozen=True, slots=True)
class StepFailure:
    """A step that failed, and the field of the declaration it came from; or a look at AWS that did (`is_read`)."""

    failure: Failure
    path: str
    side: Side | None = None
    is_read: bool = False


@dataclass(frozen=True, slots=True)
class KnownSecrets:
    """What the Secrets hold that a location names, by its fields.

    `digest` stands for all of it in status: nobody who has not the operator's key can tell it from another's.
    `problem` is why it can't be used. The values appear in no representation.
    """

    digest: str = ""
    problem: str = ""
    values: Mapping[str, str | bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class UnmetPrecondition:
    """Why nothing is done. `waits` = somebody else's object has to become ready, which wakes the mover again."""

    reason: str
    message: str
    waits: bool = False


@dataclass(frozen=True)
class Observed:
    """Everything that planning one mover depends on.

    `nonce` is this pass's own; `intent_claimed` says that the stored status holds an intent with it, which is what
    allows Create* calls. `unmet` is why the mover can't be carried out as declared. `connected` says that AWS has
    confirmed the account's access, `account_kept` that the account object can't be deleted under us. `settled` is
    false while something may exist that we do not know of yet; `new_rights` names the sides whose roles' policy this
    process has just changed, `young_roles` the ARNs of roles that it has known for so short a time that IAM may not
    show them everywhere yet; `confirmed` is false from a change in AWS until AWS has been read again; `applied` names
    the declared fields that AWS has been told of in this pass, `accepted` are the updates that it has accepted since
    the mover was last as declared. `others` are the ARNs of what another mover looks after; `retired_tags` holds tags
    that were read of what is to be removed, by ARN. `task_locations` are the locations that the described task has,
    whatever the status says. `adopting` says that the task is being adopted, `other_owner` who else manages it.
    `replaced` holds the retired tasks as described in this pass, by ARN; `executions` what runs of the tasks that
    deletion removes. `secrets` is what the locations' Secrets hold now, where they name any, `applied_secrets` the
    digests of what AWS was last told; `agents` describes the agents of a task that is UNAVAILABLE, by their ARNs.
    `schedule_expression` is the declared schedule in UTC, where that has a time zone.
    `log_policies` are the resource policies of CloudWatch Logs; None: not read, or not readable.
    `manifest_problem` is what is wrong with the manifest of scheduled starts, "" for nothing; None: not read.
    `problem` says why the stored object does not fit its model: what could be read of it is good for
    cleaning up only. `namespace_goes` says that the namespace is being deleted, and no object can be created in it;
    `same_names` is what the API server has under the names of runs that could not be created (None: nothing any more),
    `lost_runs` the uids of runs that it no longer has.
    `settles_in` is after how many seconds it can be known that nothing does; `backlog` for how many seconds calls to
    AWS wait in this account already.
    """

    mover: DataMover
    identity: Identity
    account: DataMoverAccount | None
    instance: str
    nonce: str
    task: Resource | None = None
    locations: Mapping[Side, Resource] = field(default_factory=dict)
    roles: Mapping[Side, KnownRole] = field(default_factory=dict)
    owned: frozenset[str] = frozenset()
    new_rights: frozenset[Side] = frozenset()
    young_roles: frozenset[str] = frozenset()
    retired: tuple[Retired, ...] = ()
    taken_roles: frozenset[str] = frozenset()
    shared_roles: frozenset[str] = frozenset()
    others: frozenset[str] = frozenset()
    retired_tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    task_locations: Mapping[Side, JsonObject] = field(default_factory=dict)
    intent_claimed: bool = False
    unmet: UnmetPrecondition | None = None
    connected: bool = True
    account_kept: bool = True
    settled: bool = True
    settles_in: float = 0.0
    backlog: float = 0.0
    confirmed: bool = True
    applied: frozenset[str] = frozenset()
    accepted: tuple[Update, ...] = ()
    adopting: bool = False
    other_owner: str | None = None
    replaced: Mapping[str, JsonObject] = field(default_factory=dict)
    executions: tuple[JsonObject, ...] = ()
    schedule_expression: str | None = None
    secrets: Mapping[Side, KnownSecrets] = field(default_factory=dict)
    applied_secrets: Mapping[Side, str] = field(default_factory=dict)
    agents: Mapping[str, JsonObject] = field(default_factory=dict)
    log_policies: tuple[str, ...] | None = None
    manifest_problem: str | None = None
    problem: str = ""
    runs: tuple[DataMoverRun, ...] = ()
    external_executions: tuple[ExternalExecution, ...] = ()
    pruned_before: str | None = None
    namespace_goes: bool = False
    same_names: Mapping[str, DataMoverRun | None] = field(default_factory=dict)
    lost_runs: frozenset[str] = frozenset()
    failures: tuple[StepFailure, ...] = ()

    @property
    def uid(self) -> str:
        """The mover's uid."""
        return self.identity.uid

    @property
    def generation(self) -> int:
        """The generation of the spec that is being planned for."""
        return self.mover.metadata.generation

    @property
    def is_being_deleted(self) -> bool:
        """Whether the mover is being deleted."""
        return self.mover.metadata.deletion_timestamp is not None

    @property
    def has_finalizer(self) -> bool:
        """Whether the object stays until what we made for it is gone."""
        return FINALIZER in self.mover.metadata.finalizers

    @property
    def annotations(self) -> Mapping[str, str]:
        """The mover's annotations."""
        return self.mover.metadata.annotations

    @property
    def has_unknown_outcome(self) -> bool:
        """Whether a call of this pass may have made something that nobody knows of yet."""
        return any(each.failure.kind is FailureKind.UNKNOWN_OUTCOME for each in self.failures)

    @property
    def is_blank(self) -> bool:
        """Whether nothing in AWS is known."""
        return self.task is None and not (self.locations.keys() - self.existing) and not self.roles

    @property
    def existing(self) -> frozenset[Side]:
        """The sides whose location somebody else looks after."""
        spec = self.mover.spec
        ends = {"source": spec.source, "destination": spec.destination}
        return frozenset(side for side in SIDES if ends[side].existing_location_arn is not None)

    def last_described(self, side: Side) -> JsonObject | None:
        """A location as described in this pass, else as it was when last described; None = not known."""
        known, observed = self.locations.get(side), self.mover.status.observed
        if known is None or known.described is not None:
            return known.described if known is not None else None
        described = (observed.source if side == "source" else observed.destination) if observed is not None else None
        is_it = described is not None and described.get("locationArn") == known.arn
        return described if is_it else None

    @property
    def left_behind(self) -> frozenset[Side]:
        """The sides whose location somebody else looks after, and for which the spec now declares one to be made."""
        return frozenset(self.mover.status.bookkeeping.existing_locations) - self.existing - self.owned

    @property
    def is_ready(self) -> bool:
        """Whether the stored status says that all is as declared now."""
        return is_ready(self.mover)

    @property
    def is_torn(self) -> bool:
        """Whether a part of the status is missing that goes with the rest of it: somebody has taken it away."""
        parts = {*self.locations, *({"task"} if self.task is not None else ())}
        has_no_role = any(
            location_of(self.mover.spec, side).access_role_field is not None and side not in self.roles
            for side in self.locations
        )
        lacks_locations = self.task is not None and len(self.locations) < len(SIDES)
        has_roles_alone = bool(self.roles) and not parts and not self.owned
        is_unowned = self.mover.spec.adopt is None and (has_roles_alone or not parts - self.existing <= self.owned)
        return has_no_role or lacks_locations or is_unowned

    def has_new_secrets(self, side: Side) -> bool:
        """Whether the Secrets hold other values than AWS was last told."""
        return side in self.secrets and self.secrets[side].digest != self.applied_secrets.get(side)

    def conditions(self, now: datetime) -> ConditionsBuilder:
        """Who says how this mover is."""
        return ConditionsBuilder(self.mover.status.conditions, self.generation, now)


def is_ready(mover: DataMover) -> bool:
    """Whether a mover's status says that all is as declared now."""
    status = mover.status
    return is_true(status.conditions, "Ready") and status.observed_generation == mover.metadata.generation


def is_just_let_go(mover: DataMover) -> bool:
    """Whether no AWS call is needed to let the object go."""
    return mover.metadata.deletion_timestamp is not None and mover.spec.deletion_policy == "Retain"
