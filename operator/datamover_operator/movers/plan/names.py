"""How the resources that we create are named and tagged, so that they can be found and told apart from others."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from datamover_crds.contract import FINALIZER, NONCE_TAG, OWNER_TAG, PART_TAG, UID_TAG
from datamover_crds.legacy import FIXED_TAGS

Side = Literal["source", "destination"]
SIDES: tuple[Side, Side] = ("source", "destination")

ROLE_POLICY_NAME = "DataSyncBucketAccessPolicy"

_ROLE_SUFFIX: Mapping[Side, str] = {"source": "src", "destination": "dst"}
_MAX_ROLE_NAME = 64
_MAX_OBJECT_NAME = 253


@dataclass(frozen=True, slots=True)
class Identity:
    """The owner of a resource: one mover object in one cluster.

    `uid` is the object's metadata.uid; `owner` is clusterId/namespace/name, which a restored object keeps.
    """

    uid: str
    cluster_id: str
    namespace: str
    name: str

    @property
    def owner(self) -> str:
        """The owner tag's value."""
        return f"{self.cluster_id}/{self.namespace}/{self.name}"

    def tags(self, part: str, nonce: str) -> dict[str, str]:
        """The tags of a resource that this mover makes, or takes over (then without a nonce)."""
        tags = {UID_TAG: self.uid, OWNER_TAG: self.owner, PART_TAG: part}
        if nonce:
            tags[NONCE_TAG] = nonce
        return tags

    def bears_mark(self, tags: Mapping[str, str]) -> bool:
        """Whether these are the tags of a role that this mover, or the older service, has made.

        Roles' names, and so their ARNs, are used again: one without our mark has been made by others since.
        """
        return self.is_marked(tags) or is_legacy(tags)

    def is_marked(self, tags: Mapping[str, str]) -> bool:
        """Whether what carries these tags is this mover's, or this very object's in an earlier life."""
        return tags.get(UID_TAG) == self.uid or tags.get(OWNER_TAG) == self.owner

    def is_anothers(self, tags: Mapping[str, str], *, uid_lives: bool) -> bool:
        """Whether another mover looks after what carries these tags: any but this very object in an earlier life.

        `uid_lives` says whether the mover that they name exists.
        """
        if tags.get(UID_TAG, self.uid) == self.uid:
            return False
        return tags.get(OWNER_TAG) != self.owner or uid_lives


def is_legacy(tags: Mapping[str, str]) -> bool:
    """Whether these are the tags of what the older REST service has made."""
    return FIXED_TAGS.items() <= tags.items()


def account_finalizer(operator: str) -> str:
    """The finalizer by which one operator ("namespace/name") holds an account: several may, each for its movers."""
    namespace, name = operator.split("/")
    return f"{name}.{namespace}.{FINALIZER}"


def role_name(uid: str, part: Side) -> str:
    """The name of the bucket access role that we make for one location of a mover."""
    return f"dm-{uid.replace('-', '')[:20]}-{_ROLE_SUFFIX[part]}"


def is_generated_role_name(name: str) -> bool:
    """Whether we make roles of such a name by ourselves, for whichever mover."""
    prefix, _, rest = name.partition("-")
    uid, _, suffix = rest.partition("-")
    return prefix == "dm" and uid != "" and suffix.partition("-")[0] in _ROLE_SUFFIX.values()


@lru_cache(maxsize=1024)
def distinct_role_name(name: str, uid: str) -> str:
    """The name to use where `name` belongs to somebody else already: one of its own for each mover and name."""
    suffix = f"-{hashlib.sha256(f'{uid}/{name.casefold()}'.encode()).hexdigest()[:8]}"
    return name[: _MAX_ROLE_NAME - len(suffix)] + suffix


def trigger_run_name(mover_name: str, token: str) -> str:
    """The one name of the run that a trigger token makes: the same token never makes a second one."""
    digest = hashlib.sha256(token.encode()).hexdigest()[:10]
    return f"{mover_name[: _MAX_OBJECT_NAME - 11]}-{digest}"


def execution_run_name(mover_name: str, execution_arn: str) -> str:
    """The one name of the object that records an execution somebody else started."""
    execution_id = execution_arn.rsplit("/", 1)[-1]
    return f"{mover_name}-{execution_id}"


def role_name_in(arn: str) -> str:
    """The name of the role that has this ARN, without its path."""
    return arn.rsplit("/", 1)[-1]


def task_arn_of(execution_arn: str) -> str:
    """The ARN of the task that an execution is one of."""
    return execution_arn.partition("/execution/")[0]
