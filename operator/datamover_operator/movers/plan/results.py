"""What became of the steps that went to AWS, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from datamover_operator.aws.failure import Failure
from datamover_operator.movers.plan.known import KnownRole
from datamover_operator.movers.plan.steps import (
    AwsStep,
    CancelExecution,
    ChangeTags,
    CreateLocation,
    CreateRole,
    CreateTask,
    Delete,
    PutRolePermissionsBoundary,
    PutRolePolicy,
    ReadTags,
    TagRole,
    UpdateLocation,
    UpdateTask,
)


@dataclass(frozen=True, slots=True)
class RoleMade:
    """CreateRole has made this role."""

    step: CreateRole
    role: KnownRole


@dataclass(frozen=True, slots=True)
class RoleNameTaken:
    """A role has that name already: this one."""

    step: CreateRole
    failure: Failure
    role: KnownRole


@dataclass(frozen=True, slots=True)
class LocationMade:
    """CreateLocation* has made this location."""

    step: CreateLocation
    arn: str


@dataclass(frozen=True, slots=True)
class TaskMade:
    """CreateTask has made this task."""

    step: CreateTask
    arn: str


@dataclass(frozen=True, slots=True)
class TagsRead:
    """A task's or a location's tags; None: it does not exist. `uid_lives` = so does the mover that they name."""

    step: ReadTags
    tags: Mapping[str, str] | None
    uid_lives: bool


@dataclass(frozen=True, slots=True)
class RoleRead:
    """A role with its tags; None: it does not exist. `uid_lives` = the mover that they name exists."""

    step: ReadTags
    role: KnownRole | None
    uid_lives: bool


@dataclass(frozen=True, slots=True)
class Done:
    """AWS has done as asked, and there is nothing more to say."""

    step: (
        PutRolePolicy
        | PutRolePermissionsBoundary
        | UpdateLocation
        | UpdateTask
        | ChangeTags
        | TagRole
        | CancelExecution
        | Delete
    )


@dataclass(frozen=True, slots=True)
class Failed:
    """AWS has not done as asked, or has not said so."""

    step: AwsStep
    failure: Failure


Result = RoleMade | RoleNameTaken | LocationMade | TaskMade | TagsRead | RoleRead | Done | Failed
