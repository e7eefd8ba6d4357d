"""psycopg's errors are classified here, once (I8).

SQLSTATEs: https://www.postgresql.org/docs/current/errcodes-appendix.html.
"""

from __future__ import annotations

from typing import Final

import psycopg

from datamover_common.redaction import REDACTED, scrub
from datamover_operator.postgres.failure import Failure, FailureKind, Side

_MESSAGE_LIMIT: Final = 1000
_SHORTEST_SECRET: Final = 3
"""A shorter one would be found, and told, in ordinary words."""
_KINDS: Final = {
    "28000": FailureKind.DENIED,
    "28P01": FailureKind.DENIED,
    "3D000": FailureKind.DENIED,  # the database does not exist, or may not be connected to
    "42501": FailureKind.RIGHTS,
    "57014": FailureKind.TIMEOUT,
    "55P03": FailureKind.TIMEOUT,
    "25P03": FailureKind.TIMEOUT,
    "42704": FailureKind.NOT_FOUND,
    "42P01": FailureKind.NOT_FOUND,
    "3F000": FailureKind.NOT_FOUND,
    "42710": FailureKind.EXISTS,
    "42P06": FailureKind.EXISTS,
    "42P07": FailureKind.EXISTS,
    "23505": FailureKind.EXISTS,  # two sessions create the same object: its catalogue's index refuses the second
    "40001": FailureKind.BUSY,
    "40P01": FailureKind.BUSY,
    "55000": FailureKind.BUSY,  # not in the state for it: somebody has just changed that
    "55006": FailureKind.BUSY,
    "53300": FailureKind.UNREACHABLE,
    "57P01": FailureKind.UNREACHABLE,
    "57P02": FailureKind.UNREACHABLE,
    "57P03": FailureKind.UNREACHABLE,
}
_CONNECTION_CLASS: Final = "08"
_CONCURRENT: Final = "concurrently"
"""Of two sessions that change one catalogue row, one gets an internal error (XX000) with this word."""
_LOGIN: Final = ("authentication failed", "no pg_hba.conf entry", "certificate", "no password supplied")
"""Words of libpq, which has no codes: what it says of a login that did not come about."""


def classify(error: Exception, side: Side, action: str, secrets: tuple[str, ...] = ()) -> Failure:
    """Return what an error of psycopg means; none of `secrets` is in the message."""
    code = error.sqlstate or "" if isinstance(error, psycopg.Error) else ""
    return Failure(_kind(error, code), side, action, code, _message(error, secrets))


def _kind(error: Exception, code: str) -> FailureKind:
    if code in _KINDS:
        return _KINDS[code]
    if code == "XX000" and _CONCURRENT in str(error):
        return FailureKind.BUSY
    if code.startswith(_CONNECTION_CLASS):
        return FailureKind.UNREACHABLE
    if code:
        return FailureKind.REFUSED
    if isinstance(error, psycopg.OperationalError) and any(word in str(error) for word in _LOGIN):
        return FailureKind.DENIED
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError | OSError | TimeoutError):
        return FailureKind.UNREACHABLE
    return FailureKind.REFUSED


def _message(error: Exception, secrets: tuple[str, ...]) -> str:
    parts = [str(error) or type(error).__name__]
    if isinstance(error, psycopg.Error) and error.diag.message_primary:
        diag = error.diag
        parts = [part for part in (diag.message_primary, diag.message_detail, diag.message_hint) if part]
    return hidden("; ".join(" ".join(part.split()) for part in parts), secrets)[:_MESSAGE_LIMIT]


def hidden(text: str, secrets: tuple[str, ...]) -> str:
    """Return `text` without secrets: those given, and what looks like one."""
    for secret in secrets:
        if len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return scrub(text)
