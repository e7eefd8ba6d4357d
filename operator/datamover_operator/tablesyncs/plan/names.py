"""What a sync's objects in the databases are called, and how their comments tell whose they are.

A comment reads `datamover.io cluster/namespace/name/uid key=value …`: the owner, and what the object was made from. It
is written in one transaction with the object, so an object without it is somebody else's.
"""

from __future__ import annotations

import hashlib
import re

from datamover_crds.common import GROUP
from datamover_operator.movers.plan.names import Identity

_UID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_INSERT_SUFFIX = "_insert"
_DIGEST_LENGTH = 16
NO_SLOTS = ""
"""A LIKE pattern that matches no name."""


def object_name(uid: str) -> str:
    """The name of a sync's publication and subscription, which the names of its other objects begin with."""
    plain = uid.replace("-", "") if _UID.fullmatch(uid) else hashlib.sha256(uid.encode()).hexdigest()[:32]
    return f"datamover_{plain}"


def publication_names(uid: str) -> tuple[str, str]:
    """The names of the publication of all changes, and of the one of inserts alone.

    Both exist from the start, be they empty: what a slot has kept from before a publication was made can't be read by
    its name.
    """
    return object_name(uid), f"{object_name(uid)}{_INSERT_SUFFIX}"


def slot_name(uid: str, source: str, destination: str) -> str:
    """The name of the replication slot between the databases with these ids.

    Names of slots are those of a whole server, and a subscription that was left elsewhere must not take hold of it.
    """
    return f"{object_name(uid)}_{digest(source, destination)[:8]}"


def sync_slots(subscription_id: int, destination_system: str) -> str:
    """The LIKE pattern of the slots by which a subscription's tables are copied (ReplicationSlotNameForTablesync).

    A system identifier is a number. An annotation that anybody may edit tells it: any other text, `%` say, would be a
    pattern for others' slots, so then it is one for none.
    """
    if not (destination_system.isascii() and destination_system.isdigit()):
        return NO_SLOTS
    return rf"pg\_{subscription_id}\_sync\_%\_{destination_system}"


def mark(identity: Identity, **stamps: str) -> str:
    """What the comment of an object of this sync says."""
    return " ".join([GROUP, f"{identity.owner}/{identity.uid}", *(f"{key}={value}" for key, value in stamps.items())])


def is_ours(comment: str, identity: Identity) -> bool:
    """Whether a comment says that the object is this sync's."""
    return comment.split(" ")[:2] == [GROUP, f"{identity.owner}/{identity.uid}"]


def owner_in(comment: str) -> str:
    """Whose an object is by its comment, for people."""
    words = comment.split(" ")
    return f"TableSync {words[1]}" if words[0] == GROUP and len(words) > 1 else "somebody else"


def stamp(comment: str, key: str) -> str:
    """One value in a comment of ours; empty where it is not there."""
    stamps = dict(word.partition("=")[::2] for word in comment.split(" ")[2:])
    return stamps.get(key, "")


def digest(*parts: object) -> str:
    """A short text that differs where the parts do."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:_DIGEST_LENGTH]
