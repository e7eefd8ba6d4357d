"""From what AWS describes of a legacy mover to the DataMover that adopts it without changing anything. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from datamover_crds import (
    LOCATIONS,
    DataMover,
    DataMoverAccount,
    InvalidObject,
    JsonObject,
    Realm,
    location_type_of,
    parse,
)
from datamover_crds.common import API_VERSION
from datamover_crds.contract import OWNER_TAG, UID_TAG
from datamover_crds.legacy import FIXED_TAGS, GROUP_TAG, labels, object_names
from datamover_operator.movers.plan.names import SIDES, Side

_HISTORY: JsonObject = {"limit": 500, "maxAge": "30d"}
_NOT_USERS = ("aws:", "datamover.io/")


@dataclass(frozen=True, slots=True)
class LegacyMover:
    """A task with its tags and locations, as DataSync describes them; of an unsupported type the URI alone."""

    task: JsonObject
    tags: Mapping[str, str]
    locations: Mapping[Side, JsonObject]

    @property
    def arn(self) -> str:
        """The task's ARN."""
        return str(self.task["taskArn"])

    @property
    def name(self) -> str:
        """The name that clients know."""
        return str(self.task.get("name", ""))

    @property
    def group(self) -> str:
        """The group that clients know."""
        return self.tags.get(GROUP_TAG, "")

    @property
    def manager(self) -> str | None:
        """Which DataMover manages the task already, if any."""
        return self.tags.get(OWNER_TAG, self.tags[UID_TAG]) if UID_TAG in self.tags else None


class NotAdoptableError(Exception):
    """Why a mover can't be adopted, in a sentence."""


def adopting_mover(legacy: LegacyMover, account: DataMoverAccount) -> tuple[JsonObject, str]:
    """The object to create, and the name to use if its own is taken.

    Raises NotAdoptableError.
    """
    if not legacy.name or not legacy.group:
        raise NotAdoptableError(f"has no name, or no tag '{GROUP_TAG}': the REST API would not find it")
    assert account.spec.rest is not None  # noqa: S101 - the caller has chosen an account with REST
    name, other_name = object_names(account.spec.account_id, legacy.group, legacy.name)
    spec: JsonObject = {
        "accountRef": {"name": account.metadata.name},
        "name": legacy.name,
        "adopt": {"taskArn": legacy.arn, "own": True},
        "tags": _tags(legacy.tags),
        "runHistory": dict(_HISTORY),
        "allowOverlap": True,  # it has been running like this
    }
    realm = Realm(partition=legacy.arn.split(":")[1], account_id=account.spec.account_id)
    for side in SIDES:
        spec[side] = _location(side, legacy.locations[side], realm)
    its_labels: JsonObject = {"datamover.io/origin": "import", **labels(legacy.group, legacy.name)}
    mover: JsonObject = {
        "apiVersion": API_VERSION,
        "kind": "DataMover",
        "metadata": {"name": name, "namespace": account.spec.rest.namespace, "labels": its_labels},
        "spec": spec,
    }
    try:
        parse(DataMover, mover)
    except InvalidObject as problem:
        raise NotAdoptableError(str(problem)) from None
    return mover, other_name


def is_legacy(tags: Mapping[str, str], org: str | None, group: str | None) -> bool:
    """Whether a task is one of the older service's, in this organisation and group (None: any)."""
    wanted = FIXED_TAGS | ({"spinup:org": org} if org else {}) | ({GROUP_TAG: group} if group else {})
    return wanted.items() <= tags.items()


def _tags(tags: Mapping[str, str]) -> list[JsonValue]:
    return [{"key": key, "value": value} for key, value in sorted(tags.items()) if not key.startswith(_NOT_USERS)]


def _location(side: Side, described: JsonObject, realm: Realm) -> JsonObject:
    uri = described.get("locationUri")
    if not uri:
        raise NotAdoptableError(f"its {side} location is gone")
    kind = location_type_of(described)
    if kind is None:
        raise NotAdoptableError(f"its {side} is '{uri}': only locations of type {', '.join(LOCATIONS)} can be adopted")
    return {kind.type_name(): kind.declaration(described, realm)}
