"""A way into a database, made of parts that were checked. Nothing is left to libpq's own defaults and variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

from datamover_crds.postgresql import HOST_PATTERN, SslMode

_PORT: Final = 5432
_SSL_MODES: Final[tuple[SslMode, ...]] = ("disable", "require", "verify-ca", "verify-full")
_URI: Final = "must be a URI such as postgresql://user:password@host:5432/database"


class UnusableUriError(Exception):
    """A URI that leads nowhere that may be gone to; the message holds nothing of its value but names of parameters."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One database of one server. `ca` are PEM certificates; neither they nor the password are shown."""

    host: str
    port: int
    database: str
    user: str
    password: str = field(default="", repr=False)
    ssl_mode: SslMode = "verify-full"
    ca: str = field(default="", repr=False)

    @property
    def address(self) -> str:
        """Where it is, for people."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}/{self.database}"


@dataclass(frozen=True, slots=True)
class SourceAddress:
    """The source as the destination server connects to it; `ssl_root_cert` is a file on that server."""

    endpoint: Endpoint
    ssl_root_cert: str = ""


def from_uri(text: str) -> Endpoint:
    """Read a connection URI of libpq, as far as it names one host and one database. Raises UnusableUriError."""
    try:
        parts = urlsplit(text)
        port = parts.port or _PORT
    except ValueError:
        raise UnusableUriError(f"{_URI}; a port is a number") from None
    host, database = unquote(parts.hostname or ""), unquote(parts.path.removeprefix("/"))
    if parts.scheme not in {"postgresql", "postgres"}:
        raise UnusableUriError(_URI)
    if not re.fullmatch(HOST_PATTERN, host) or "," in parts.netloc.rpartition("@")[2]:
        raise UnusableUriError(f"{_URI}; it names exactly one host, by name or address")
    if not database or not parts.username:
        raise UnusableUriError(f"{_URI}; it names a user and a database")
    if parts.fragment or "/" in database:
        raise UnusableUriError(_URI)
    user, password = unquote(parts.username), unquote(parts.password or "")
    return Endpoint(host, port, database, user, password, _ssl_mode(parts))


def _ssl_mode(parts: SplitResult) -> SslMode:
    mode: SslMode = "verify-full"
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        if name != "sslmode":
            raise UnusableUriError("of a URI's parameters only sslmode is accepted")
        found = next((each for each in _SSL_MODES if each == value), None)
        if found is None:
            raise UnusableUriError(f"sslmode must be one of {', '.join(_SSL_MODES)}")
        mode = found
    return mode
