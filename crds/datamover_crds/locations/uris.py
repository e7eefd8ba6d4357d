"""LocationUris: how DataSync names the storage of a location and the folder in it, `s3://bucket/folder/`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Realm:
    """What a LocationUri leaves out of the ARN that it stands for."""

    partition: str
    account_id: str


ANY_REALM: Final = Realm("aws", "")
"""For comparing what two LocationUris tell."""

_STORE: Final = re.compile("[a-z0-9-]+://(arn:[^/]*:(outpost[/:][^/:]+[/:])?accesspoint[/:][^/:]+|[^/]+)")


def scheme_of(uri: str) -> str:
    """The scheme: what precedes `://`."""
    return uri.partition("://")[0]


def split_uri(uri: str) -> tuple[str, str]:
    """The store that a LocationUri names (a bucket, an access point, a file system), and the folder in it."""
    found = _STORE.match(uri)
    store = found[0] if found is not None else uri
    return with_slashes(store), folder(uri[len(store) :])


def address_of(uri: str) -> tuple[str, str]:
    """The store without its scheme, and the folder in it."""
    store, inner = split_uri(uri)
    return store.partition("://")[2], inner


def folder(subdirectory: str | None) -> str:
    """A subdirectory as DataSync reads it back: between slashes."""
    inner = (subdirectory or "").strip("/")
    return f"/{inner}/" if inner else "/"


def with_slashes(text: str) -> str:
    """Both forms of an access point's ARN, with colons or slashes within what it names, as one."""
    return re.sub(":(outpost|accesspoint)[/:](.*)", lambda found: f":{found[1]}/{found[2].replace(':', '/')}", text)
