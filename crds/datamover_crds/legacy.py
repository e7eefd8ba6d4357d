"""The older REST service's names for things, and the objects that represent its movers here.

Its clients know a mover by a group and a name. An object's name follows from them alone, so that an imported mover and
one that is created by REST are the same.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

ORG_TAG: Final = "spinup:org"
GROUP_TAG: Final = "spinup:spaceid"
FIXED_TAGS: Final = {"spinup:type": "storage", "spinup:flavor": "datamover"}
"""By these tags other tools find its movers."""
NAME_LABEL: Final = "datamover.io/rest-name"
GROUP_LABEL: Final = "datamover.io/rest-group"

_LONGEST: Final = 63
"""A mover's name is a label on its runs."""
_DIGITS: Final = 10
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LOOKS_HASHED: Final = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}")


def object_names(account_id: str, group: str, name: str) -> tuple[str, str]:
    """The name of a mover's object, and the one to use if that is taken.

    A name that Kubernetes accepts stays readable: `<group>.<name>`. Any other is made similar to that and ends in a
    hash of the original; originals that look like such a name are hashed as well, so the two forms never collide. (The
    first name may be another AWS account's, if that keeps its movers in the same namespace.)
    """
    plain = f"{group}.{name}"
    hashed = _hashed(group, name, f"{account_id}/{group}/{name}")
    fits = len(plain) <= _LONGEST and "." not in name and _SUBDOMAIN.fullmatch(plain)
    if fits and not _LOOKS_HASHED.fullmatch(plain):
        return plain, hashed
    return _hashed(group, name, f"{group}/{name}"), hashed


def labels(group: str, name: str) -> dict[str, str]:
    """The labels by which a mover is found by its group and name: hashes, as labels take fewer characters."""
    return {GROUP_LABEL: digest(group), NAME_LABEL: digest(name)}


def digest(text: str) -> str:
    """A short hash of any text, for a label."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def _hashed(group: str, name: str, original: str) -> str:
    room = _LONGEST - _DIGITS - 1
    readable = ".".join(part for part in (_slug(group), _slug(name)) if part)
    readable = re.sub("[-.]+", lambda found: "." if "." in found[0] else found[0], readable)[:room].strip("-.")
    return f"{readable or 'mover'}-{digest(original)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
