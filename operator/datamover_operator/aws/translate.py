"""DataSync's JSON (PascalCase, datetimes) to ours (camelCase, RFC 3339 strings) and back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from pydantic import JsonValue

from datamover_crds import JsonObject, to_timestamp

_ACRONYMS: Final = {"nfs": "NFS", "smb": "SMB"}
"""Members of FsxProtocol, the only ones that DataSync writes in capitals."""


def from_aws(reply: Mapping[str, object]) -> JsonObject:
    """Return a reply of botocore as camelCase JSON, without its ResponseMetadata.

    Datetimes become RFC 3339 strings in UTC with milliseconds: `2026-01-31T12:00:00.000Z`; bytes become base64.

    Raises:
        TypeError: a value that JSON can't hold (DataSync's replies have none).
    """
    return {_lowered(name): _json(value) for name, value in reply.items() if name != "ResponseMetadata"}


def to_aws(request: Mapping[str, JsonValue]) -> dict[str, object]:
    """Return a camelCase request as botocore takes it: only the first letter of each member's name changes."""
    return {_raised(name): _parameter(value) for name, value in request.items()}


def _json(value: object) -> JsonValue:
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {_lowered(str(name)): _json(member) for name, member in value.items()}
    if isinstance(value, bytes):
        return b64encode(value).decode()
    if isinstance(value, Sequence):
        return [_json(item) for item in value]
    if isinstance(value, datetime):
        return to_timestamp(value)
    message = f"a reply holds a {type(value).__name__}, which JSON has no form for"
    raise TypeError(message)


def _parameter(value: JsonValue) -> object:
    if isinstance(value, dict):
        return {_raised(name): _parameter(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_parameter(item) for item in value]
    return value


class SecretRequest(dict[str, object]):
    """A request that holds secrets: AWS's answers may repeat what they refuse."""

    def __init__(self, request: Mapping[str, object], secrets: Iterable[str | bytes]) -> None:
        """Know the values that nobody may see."""
        super().__init__(request)
        self._secrets = [value for value in secrets if isinstance(value, str) and value]

    def hide(self, message: str) -> str:
        """A message without them."""
        for secret in sorted(self._secrets, key=len, reverse=True):
            message = message.replace(secret, "…")
        return message


def with_secrets(request: dict[str, object], secrets: Mapping[str, str | bytes]) -> SecretRequest:
    """Return a request as botocore takes it with these values put in, each at its camelCase place (`a.b`)."""
    whole = SecretRequest(request, secrets.values())
    for place, value in secrets.items():
        *outer, last = (_raised(name) for name in place.split("."))
        holder: dict[str, object] = whole
        for name in outer:
            found = holder.get(name)
            inner: dict[str, object] = dict(found) if isinstance(found, dict) else {}
            holder[name] = inner
            holder = inner
        holder[last] = value
    return whole


def _lowered(name: str) -> str:
    return name.lower() if name in _ACRONYMS.values() else name[:1].lower() + name[1:]


def _raised(name: str) -> str:
    return _ACRONYMS.get(name) or name[:1].upper() + name[1:]
