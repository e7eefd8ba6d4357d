"""The small things the operator can do for a mover, as data.

A step names everything its call needs, so that carrying it out takes no decision. Steps of one plan are independent
of each other and may run side by side.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from datamover_crds import Condition
from datamover_crds.common import JsonObject
from datamover_operator.controller.plan.notes import Note
from datamover_operator.movers.plan.calls import Call
from datamover_operator.movers.plan.names import Side
from datamover_operator.movers.plan.run_steps import RunObjectStep


@dataclass(frozen=True, slots=True)
class AddFinalizer:
    """Keep the object until what we made for it is gone."""


@dataclass(frozen=True, slots=True)
class RemoveFinalizer:
    """Let the object go."""


@dataclass(frozen=True, slots=True)
class ClaimIntent:
    """Write to status, by compare-and-swap, that this pass may send these Create* calls."""

    calls: tuple[Call, ...]


@dataclass(frozen=True, slots=True)
class Record:
    """Write to status what is known now; the pass goes on after it."""


@dataclass(frozen=True, slots=True)
class Annotate:
    """Set annotations on the mover, which outlive its status (backup, restore, `kubectl apply`)."""

    annotations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class CreateRole:
    """CreateRole with its tags; a role of that name that is ours already is taken as made."""

    sides: tuple[Side, ...]
    name: str
    role_path: str
    trust: JsonObject
    tags: Mapping[str, str]
    permissions_boundary: str | None
    path: str


@dataclass(frozen=True, slots=True)
class PutRolePolicy:
    """PutRolePolicy of the one inline policy."""

    sides: tuple[Side, ...]
    name: str
    policy: JsonObject
    path: str


@dataclass(frozen=True, slots=True)
class PutRolePermissionsBoundary:
    """PutRolePermissionsBoundary: the account names another policy than the role is bounded by."""

    sides: tuple[Side, ...]
    name: str
    boundary: str
    path: str = "spec.accountRef"


@dataclass(frozen=True, slots=True)
class CreateLocation:
    """CreateLocation… of a type of location (`kind`). The values of its Secrets, of this digest, go with it."""

    side: Side
    kind: str
    request: JsonObject
    path: str
    secrets: str = ""


@dataclass(frozen=True, slots=True)
class UpdateLocation:
    """UpdateLocation… of a type of location (`kind`); `described` is how it reads afterwards.

    The values of the location's Secrets, of this digest, go with it.
    """

    side: Side
    kind: str
    arn: str
    changes: JsonObject
    described: JsonObject
    path: str
    secrets: str = ""


@dataclass(frozen=True, slots=True)
class CreateTask:
    """CreateTask."""

    request: JsonObject
    path: str = "spec"


@dataclass(frozen=True, slots=True)
class UpdateTask:
    """UpdateTask with the full options."""

    arn: str
    changes: JsonObject
    path: str = "spec.options"


@dataclass(frozen=True, slots=True)
class ChangeTags:
    """UntagResource and TagResource of one resource; `part` is task, source or destination."""

    part: str
    arn: str
    tags: Mapping[str, str]
    remove: tuple[str, ...] = ()
    path: str = "spec.tags"


@dataclass(frozen=True, slots=True)
class TagRole:
    """TagRole and UntagRole."""

    sides: tuple[Side, ...]
    name: str
    tags: Mapping[str, str]
    remove: tuple[str, ...] = ()
    path: str = "spec.tags"


@dataclass(frozen=True, slots=True)
class ReadTags:
    """ListTagsForResource, or GetRole: what is not known to be ours is not changed."""

    arn: str
    path: str


@dataclass(frozen=True, slots=True)
class CancelExecution:
    """CancelTaskExecution; an execution that has ended already is no failure."""

    arn: str
    path: str = "status.currentRun"


@dataclass(frozen=True, slots=True)
class Delete:
    """DeleteTask, DeleteLocation, or DeleteRolePolicy with DeleteRole; already gone is no failure."""

    kind: Literal["task", "location", "role"]
    arn: str
    path: str = "metadata.deletionTimestamp"


AwsStep = (
    CreateRole
    | PutRolePolicy
    | PutRolePermissionsBoundary
    | CreateLocation
    | UpdateLocation
    | CreateTask
    | UpdateTask
    | ChangeTags
    | TagRole
    | ReadTags
    | CancelExecution
    | Delete
)
Update = UpdateLocation | UpdateTask
KubeStep = AddFinalizer | RemoveFinalizer | ClaimIntent | Record | Annotate | RunObjectStep
Step = AwsStep | KubeStep


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do next, when to look again, and what to tell.

    Done = no steps and no again_at (and no retry). `retry` leaves the delay to the queue's back-off; `reads_back` says
    that nothing more can be said before AWS is read again.
    """

    steps: tuple[Step, ...] = ()
    again_at: datetime | None = None
    retry: bool = False
    reads_back: bool = False
    conditions: tuple[Condition, ...] = ()
    notes: tuple[Note, ...] = field(default=())

    @property
    def done(self) -> bool:
        """Nothing is left to be done or awaited."""
        return not self.steps and self.again_at is None and not self.retry
