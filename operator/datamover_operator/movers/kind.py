"""DataMovers in a cache: found by their account and by the roles that their locations use."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Literal

from datamover_common.kube.objects import metadata_of, part_of, reference
from datamover_crds import LOCATIONS, DataMover, JsonObject
from datamover_crds.locations.reading import dig, places_of
from datamover_operator.kube.kinds import Kind
from datamover_operator.movers.plan.names import SIDES


def by_account(name: str) -> Hashable:
    """The key of all movers that name this account."""
    return "account", name


NAMES_SECRETS: Hashable = "names secrets"
"""The key of all movers whose locations name Secrets."""
STEADY: Hashable = "steady"
"""The key of all movers that are Ready and stay: a look at one of them is a check."""


def by_role(arn: str) -> Hashable:
    """The key of all movers whose locations use this role."""
    return "role", arn


def by_task(arn: str) -> Hashable:
    """The key of the mover whose status names this task."""
    return "task", arn


def by_location(arn: str) -> Hashable:
    """The key of the mover whose status names this location."""
    return "location", arn


def account_of(keys: Iterable[Hashable]) -> str:
    """The account among a mover's keys; it is known without unpacking the mover."""
    return next(str(key[1]) for key in keys if isinstance(key, tuple) and key[0] == "account")


def named_secrets(keys: Iterable[Hashable]) -> list[str]:
    """The names of Secrets among a mover's keys."""
    return [str(key[1]) for key in keys if isinstance(key, tuple) and key[0] == "secret"]


def named_arns(keys: Iterable[Hashable], what: Literal["task", "location"]) -> list[str]:
    """The ARNs among a mover's keys; they are known without unpacking the mover."""
    return [str(key[1]) for key in keys if isinstance(key, tuple) and key[0] == what]


def _keys(raw: JsonObject) -> Iterable[Hashable]:
    status = part_of(raw, "status")
    roles = {status.get("sourceRoleArn"), status.get("destinationRoleArn")} - {None}
    task = status.get("taskArn")
    locations = {status.get("sourceLocationArn"), status.get("destinationLocationArn")} - {None}
    secrets = secret_names(raw)
    return [
        by_account(reference(raw, "accountRef")),
        *(by_role(str(arn)) for arn in roles),
        *(by_location(str(arn)) for arn in locations),
        *([by_task(str(task))] if task is not None else []),
        *([NAMES_SECRETS] if secrets else []),
        *(("secret", name) for name in secrets),
        *([STEADY] if _is_steady(raw) else []),
    ]


def _is_steady(raw: JsonObject) -> bool:
    metadata, status = metadata_of(raw), part_of(raw, "status")
    listed = status.get("conditions")
    is_ready = any(
        isinstance(each, dict) and (each.get("type"), each.get("status")) == ("Ready", "True")
        for each in (listed if isinstance(listed, list) else ())
    )
    is_current = status.get("observedGeneration") == metadata.get("generation")
    return is_ready and is_current and not metadata.get("deletionTimestamp")


def secret_names(raw: JsonObject) -> set[str]:
    """The names of the Secrets that a mover's locations name."""
    spec = part_of(raw, "spec")
    declared = [
        (location_type, location[name])
        for side in SIDES
        if isinstance(location := spec.get(side), dict)
        for name, location_type in LOCATIONS.items()
        if name in location
    ]
    refs = [dig(member, (*place, "name")) for kind, member in declared for place in places_of(kind, secret=True)]
    return {ref for ref in refs if isinstance(ref, str)}


MOVER = Kind(DataMover, _keys)
