"""The bucket access roles: who may assume them, and what they allow.

Source: "Providing DataSync access to S3 buckets" in the DataSync user guide, and the confused-deputy guidance there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from datamover_crds import DataMoverSpec
from datamover_crds.common import JsonObject
from datamover_operator.movers.plan.desired import location_of
from datamover_operator.movers.plan.names import SIDES, Side, role_name

_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
}
"""By the prefixes of their Regions' names; a test compares them with botocore's."""


@dataclass(frozen=True, slots=True)
class WantedRole:
    """A role that the operator makes: for one location, or for both where both name it."""

    name: str
    path: str
    sides: tuple[Side, ...]
    policy: JsonObject


Rights = Mapping[Side, Sequence[JsonValue]]
"""Statements of policies, by the location whose role they are for."""


def wanted_roles(spec: DataMoverSpec, uid: str, path: str, more: Rights | None = None) -> tuple[WantedRole, ...]:
    """The roles to be made for a mover's locations in buckets; a location with a role of the user's own needs none.

    `more` are the rights that they need besides those in the buckets.
    """
    by_name: dict[str, list[tuple[Side, str, str | None]]] = {}
    for side in SIDES:
        location = location_of(spec, side)
        named = location.role_named
        if location.access_role_field is None or (named is not None and named.arn is not None):
            continue
        name = named.name if named is not None and named.name is not None else role_name(uid, side)
        own_path = named.path if named is not None else None
        by_name.setdefault(name.casefold(), []).append((side, name, own_path))
    return tuple(_wanted_role(spec, uses, path, more or {}) for uses in by_name.values())


def _wanted_role(
    spec: DataMoverSpec, uses: Sequence[tuple[Side, str, str | None]], path: str, more: Rights
) -> WantedRole:
    """IAM tells roles apart by their names alone, whatever their paths and the names' case."""
    sides = tuple(side for side, _, _ in uses)
    own_path = next((each for _, _, each in uses if each is not None), path)
    return WantedRole(uses[0][1], own_path, sides, _policy(spec, sides, more))


def partition_of(region: str) -> str:
    """The partition of AWS that a Region is in."""
    return next((name for start, name in _PARTITIONS.items() if region.startswith(start)), "aws")


def trust_policy(account_id: str, region: str) -> JsonObject:
    """Who may assume the role: DataSync, on behalf of this account's DataSync resources in this region."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "datasync.amazonaws.com"},
                "Action": "sts:AssumeRole",
                "Condition": {
                    "StringEquals": {"aws:SourceAccount": account_id},
                    "ArnLike": {"aws:SourceArn": f"arn:{partition_of(region)}:datasync:{region}:{account_id}:*"},
                },
            },
        ],
    }


def with_rights_of(earlier: JsonObject, policy: JsonObject) -> JsonObject:
    """Both policies' rights in one."""
    statements, known = policy["Statement"], earlier.get("Statement")
    assert isinstance(statements, list)  # noqa: S101 - as made below
    kept = [each for each in known if each not in statements] if isinstance(known, list) else []
    return policy | {"Statement": [*statements, *kept]}


def _policy(spec: DataMoverSpec, sides: Sequence[Side], more: Rights) -> JsonObject:
    statements = [each for side in sides for each in (*location_of(spec, side).rights(side), *more.get(side, ()))]
    return {"Version": "2012-10-17", "Statement": statements}
