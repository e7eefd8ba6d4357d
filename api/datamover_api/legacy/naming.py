"""From a group and a name to the name of an object in Kubernetes: the same one always, and one of its own.

A name that Kubernetes can take as it is stays readable: `<group>.<name>`. Any other is brought near to that and ends in
a hash of the original; originals that would look like such a name are hashed, too, so the two kinds never meet.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from datamover_api.mirror.keys import MoverKey

_LONGEST: Final = 63
"""A mover's name is a label on its runs."""
_DIGITS: Final = 10
_SUBDOMAIN: Final = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LOOKS_HASHED: Final = re.compile(rf".*-[0-9a-f]{{{_DIGITS}}}")


def object_names(account_id: str, key: MoverKey) -> tuple[str, str]:
    """The name of a mover's object, and the one to take where something else has that already.

    (The first one may be another AWS account's, if that keeps its movers in the same namespace.)
    """
    plain = f"{key.group}.{key.name}"
    hashed = _hashed(key, f"{account_id}/{key.group}/{key.name}")
    fits = len(plain) <= _LONGEST and "." not in key.name and _SUBDOMAIN.fullmatch(plain)
    if fits and not _LOOKS_HASHED.fullmatch(plain):
        return plain, hashed
    return _hashed(key, f"{key.group}/{key.name}"), hashed


def digest(text: str) -> str:
    """A short hash of any text, for a label."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()[:_DIGITS]


def _hashed(key: MoverKey, original: str) -> str:
    room = _LONGEST - _DIGITS - 1
    readable = ".".join(part for part in (_slug(key.group), _slug(key.name)) if part)
    readable = re.sub(r"[-.]*\.[-.]*", ".", readable)[:room].strip("-.")
    return f"{readable or 'mover'}-{digest(original)}"


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")
