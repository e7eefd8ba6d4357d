"""A source or a destination, from what a client sends to a location or a database: by its url or its own members.

Passwords and keys leave it here: they go into a Secret, and what is shown has `***` in their place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from pydantic import JsonValue

from datamover_api.sync.problems import Fault, InvalidRequestError
from datamover_crds import LOCATIONS, JsonObject, LocationType, Model, Realm
from datamover_crds.locations.marks import members_of

Name = Literal["source", "destination"]
POSTGRESQL: Final = "postgresql"
_MASK: Final = "***"
_DEFAULT_USER: Final = "postgres"
_CREDENTIALS: Final = {"smb": ("user", "password"), "objectStorage": ("accessKey", "secretKey")}
"""The members that the user and the password of a url are, by the type of location."""
_LONGEST_URL: Final = 2048


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a sync: its part of a spec, what clients read, and the values for a Secret by their keys there."""

    type: str
    spec: JsonObject
    shown: JsonObject
    secrets: Mapping[str, str] = field(repr=False)


def _kebab(name: str) -> str:
    return re.sub("[A-Z]", lambda found: f"-{found[0].lower()}", name)


TYPES: Final = {_kebab(name): name for name in LOCATIONS}
"""The types of files and objects by the names that clients use, with those in a spec."""


def type_of(side: Name, given: Mapping[str, JsonValue]) -> str:
    """The type that a client names. Raises InvalidRequestError."""
    found = given.get("type")
    accepted = (POSTGRESQL, *TYPES)
    if not isinstance(found, str) or found not in accepted:
        raise InvalidRequestError(Fault(f"{side}.type", f"must be one of {', '.join(accepted)}"))
    return found


def read_database(side: Name, given: Mapping[str, JsonValue], secret: str) -> Side:
    """A PostgreSQL database by its url; `secret` is the name of the Secret for its password.

    Raises:
        InvalidRequestError: it is none.
    """
    text = given.get("url")
    for name in given.keys() - {"type", "url", *(("reachedFromDestination",) if side == "source" else ())}:
        raise InvalidRequestError(Fault(f"{side}.{name}", "unknown member"))
    parts, port = _split(side, text)
    database, user = unquote(parts.path.removeprefix("/")), unquote(parts.username or "") or _DEFAULT_USER
    if parts.scheme not in {POSTGRESQL, "postgres"} or not parts.hostname or not database or "," in parts.netloc:
        raise InvalidRequestError(
            Fault(f"{side}.url", "must be a URL such as postgresql://user:password@host:5432/database")
        )
    spec: JsonObject = {"host": unquote(parts.hostname), "database": database, "user": user}
    spec |= {"port": port} if port is not None else {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name != "sslmode":
            raise InvalidRequestError(Fault(f"{side}.url", "of a URL's parameters only sslmode is accepted"))
        spec["sslMode"] = value
    secrets: dict[str, str] = {}
    if parts.password:
        key = f"{side}-password"
        secrets[key] = unquote(parts.password)
        spec["passwordSecretRef"] = {"name": secret, "key": key}
    if "reachedFromDestination" in given:
        spec["reachedFromDestination"] = given["reachedFromDestination"]
    shown = {**given, "url": masked(str(text), parts)}
    return Side(POSTGRESQL, {POSTGRESQL: spec}, shown, secrets)


def read_location(side: Name, given: Mapping[str, JsonValue], realm: Realm, secret: str) -> Side:
    """Files or objects by a url, by the members of a location of that type, or both.

    Raises:
        InvalidRequestError: it is none.
    """
    kind = type_of(side, given)
    name = TYPES[kind]
    model = LOCATIONS[name]
    members: JsonObject = {each: value for each, value in given.items() if each not in {"type", "url"}}
    shown: JsonObject = dict(given)
    if "url" in given:
        parts, _ = _split(side, given["url"])
        members = {**_located(side, name, str(given["url"]), parts, realm), **members}
        shown["url"] = masked(str(given["url"]), parts)
    vault = _Vault(secret)
    spec = vault.without_secrets(side, model, members)
    shown |= _masked_members(model, {each: value for each, value in shown.items() if each not in {"type", "url"}})
    return Side(kind, {name: spec}, shown, vault.values)


def masked(text: str, parts: SplitResult) -> str:
    """A url with `***` in place of its password."""
    if parts.password is None:
        return text
    user = quote(unquote(parts.username or ""), safe="")
    return parts._replace(netloc=f"{user}:{_MASK}@{parts.netloc.rpartition('@')[2]}").geturl()


def _split(side: Name, text: JsonValue) -> tuple[SplitResult, int | None]:
    if not isinstance(text, str) or not 1 <= len(text) <= _LONGEST_URL or not text.isprintable():
        raise InvalidRequestError(Fault(f"{side}.url", f"must be a URL of at most {_LONGEST_URL} characters"))
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise InvalidRequestError(Fault(f"{side}.url", "must be a URL; a port is a number to 65535")) from None
    if parts.fragment:
        raise InvalidRequestError(Fault(f"{side}.url", "must have no part after #; write that character as %23"))
    return parts, port


def _located(side: Name, name: str, text: str, parts: SplitResult, realm: Realm) -> JsonObject:
    """The members that a url stands for."""
    model: type[LocationType] = LOCATIONS[name]
    credentials, port = _credentials(side, name, parts), parts.port
    if name == "objectStorage" and parts.scheme in {"http", "https"}:
        bucket, _, prefix = parts.path.strip("/").partition("/")
        server: JsonObject = {"serverHostname": parts.hostname or "", "serverProtocol": parts.scheme.upper()}
        server |= {"serverPort": port} if port is not None else {}
        return {**server, "bucketName": unquote(bucket), **_folder(prefix), **credentials}
    if parts.scheme not in model.schemes:
        accepted = ", ".join(f"{each}://" for each in model.schemes)
        raise InvalidRequestError(Fault(f"{side}.url", f"must start with {accepted} for type {_kebab(name)}"))
    if parts.query or port is not None:
        raise InvalidRequestError(Fault(f"{side}.url", "must have neither a port nor parameters for this type"))
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl() if credentials else text
    located = model.located_at(bare, realm)
    return {**{each: value for each, value in located.items() if value not in (None, "/")}, **credentials}


def _credentials(side: Name, name: str, parts: SplitResult) -> JsonObject:
    if parts.username is None and parts.password is None:
        return {}
    if name not in _CREDENTIALS:
        raise InvalidRequestError(Fault(f"{side}.url", f"must hold no user for type {_kebab(name)}"))
    user, password = _CREDENTIALS[name]
    given: JsonObject = {user: unquote(parts.username or "")}
    return given | ({password: unquote(parts.password)} if parts.password is not None else {})


def _folder(prefix: str) -> JsonObject:
    inner = unquote(prefix).strip("/")
    return {"subdirectory": f"/{inner}/"} if inner else {}


class _Vault:
    """The values for one Secret, as they are found."""

    def __init__(self, name: str) -> None:
        """`name` is the Secret's."""
        self._name = name
        self.values: dict[str, str] = {}

    def without_secrets(self, path: str, model: type[Model], members: JsonObject) -> JsonObject:
        """The members with a reference in place of each password or key; a client can name no Secret itself.

        `path` is the members' place in the request.
        """
        left = dict(members)
        for member in members_of(model):
            value, place = left.get(member.name), f"{path}.{member.name}"
            if value is None:
                continue
            if member.secret is not None:
                if not isinstance(value, str) or not value:
                    raise InvalidRequestError(Fault(place, "must be the value itself, as a string"))
                self.values[place] = value
                left[member.name] = {"name": self._name, "key": place}
            elif member.model is not None and isinstance(value, dict):
                left[member.name] = self.without_secrets(place, member.model, value)
        return left


def _masked_members(model: type[Model], members: JsonObject) -> JsonObject:
    shown = dict(members)
    for member in members_of(model):
        value = shown.get(member.name)
        if member.secret is not None and value is not None:
            shown[member.name] = _MASK
        elif member.model is not None and isinstance(value, dict):
            shown[member.name] = _masked_members(member.model, value)
    return shown
