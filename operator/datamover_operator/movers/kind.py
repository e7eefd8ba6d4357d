"""DataMovers in a cache: found by their account and by the roles that their locations use."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from datamover_common.kube.objects import part_of, reference
from datamover_crds import DataMover, JsonObject
from datamover_operator.kube.kinds import Kind


def by_account(name: str) -> Hashable:
    """The key of all movers that name this account."""
    return "account", name


def by_role(arn: str) -> Hashable:
    """The key of all movers whose locations use this role."""
    return "role", arn


def _keys(raw: JsonObject) -> Iterable[Hashable]:
    status = part_of(raw, "status")
    roles = {status.get("sourceRoleArn"), status.get("destinationRoleArn")} - {None}
    return [by_account(reference(raw, "accountRef")), *(by_role(str(arn)) for arn in roles)]


MOVER = Kind(DataMover, _keys)
