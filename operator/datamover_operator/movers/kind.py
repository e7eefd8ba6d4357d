"""DataMovers in a cache: found by their account and by the roles that their locations use."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Literal

from datamover_common.kube.objects import part_of, reference
from datamover_crds import DataMover, JsonObject
from datamover_operator.kube.kinds import Kind


def by_account(name: str) -> Hashable:
    """The key of all movers that name this account."""
    return "account", name


def by_role(arn: str) -> Hashable:
    """The key of all movers whose locations use this role."""
    return "role", arn


def by_task(arn: str) -> Hashable:
    """The key of the mover whose status names this task."""
    return "task", arn


def by_location(arn: str) -> Hashable:
    """The key of the mover whose status names this location."""
    return "location", arn


def named_arns(keys: Iterable[Hashable], what: Literal["task", "location"]) -> list[str]:
    """The ARNs among a mover's keys; they are known without unpacking the mover."""
    return [str(key[1]) for key in keys if isinstance(key, tuple) and key[0] == what]


def _keys(raw: JsonObject) -> Iterable[Hashable]:
    status = part_of(raw, "status")
    roles = {status.get("sourceRoleArn"), status.get("destinationRoleArn")} - {None}
    task = status.get("taskArn")
    locations = {status.get("sourceLocationArn"), status.get("destinationLocationArn")} - {None}
    return [
        by_account(reference(raw, "accountRef")),
        *(by_role(str(arn)) for arn in roles),
        *(by_location(str(arn)) for arn in locations),
        *([by_task(str(task))] if task is not None else []),
    ]


MOVER = Kind(DataMover, _keys)
