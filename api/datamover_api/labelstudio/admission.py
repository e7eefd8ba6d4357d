"""Whom Label Studio's storage API lets in: `Token <key>`, `Bearer <access token>` and `X-API-Key` as its clients send.

A key that is itself a JWT is what that system calls a refresh token: its SDK exchanges it for an access token first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import jwt
from fastapi import Request
from starlette.responses import Response

from datamover_api.auth.keys import KeyRing, NamedKey, holder_of
from datamover_api.labelstudio.refusals import UnauthorizedError, refuse
from datamover_api.metrics import Metrics

_ALGORITHM: Final = "HS256"
_LASTS: Final = timedelta(minutes=5)
_LONGEST: Final = 1024
"""Characters: ours have 200."""
_MISSING: Final = "Authentication credentials were not provided."
_WRONG: Final = "Invalid token."


class Admission:
    """Admits requests with a key, or with an access token that was made for one."""

    def __init__(self, ring: KeyRing[NamedKey], public: frozenset[str], metrics: Metrics) -> None:
        """`public` are the paths that need no credentials."""
        self._ring = ring
        self._public = public
        self._metrics = metrics

    async def __call__(self, request: Request) -> Response | None:
        """The answer to a request that must not reach a route."""
        if request.scope["path"] in self._public:
            return None
        scheme, _, given = request.headers.get("Authorization", "").strip().partition(" ")
        key, kind = given.strip(), scheme.lower()
        if not key and (sent := request.headers.get("X-API-Key")):
            key, kind = sent.strip(), "token"
        if not key or kind not in {"token", "bearer"}:
            return self._refused(_MISSING)
        if kind == "bearer" and is_access_token(key, self._ring.keys, datetime.now(UTC)):
            return None
        return None if holder_of(self._ring.keys, key.encode("latin-1")) is not None else self._refused(_WRONG)

    def _refused(self, message: str) -> Response:
        self._metrics.token_refused()
        return refuse(UnauthorizedError(message))


def access_token(refresh: str, keys: tuple[NamedKey, ...], clock: Callable[[], datetime]) -> str | None:
    """An access token for a key; None where it is none. Any replica takes it as long as the key is valid."""
    if holder_of(keys, refresh.encode("utf-8", "replace")) is None:
        return None
    digest = hashlib.sha256(refresh.encode()).digest()
    claims = {"token_type": "access", "key": hashlib.sha256(digest).hexdigest(), "exp": clock() + _LASTS}
    return jwt.encode(claims, digest, _ALGORITHM)


def is_access_token(text: str, keys: tuple[NamedKey, ...], now: datetime) -> bool:
    """Whether this is an access token of a valid key that has not expired."""
    if len(text) > _LONGEST:
        return False
    try:
        named = jwt.decode(text, options={"verify_signature": False}).get("key")
        for key in keys:
            if hashlib.sha256(key.digest).hexdigest() == named:
                claims = jwt.decode(text, key.digest, [_ALGORITHM], options={"verify_exp": False})
                return claims.get("token_type") == "access" and int(claims["exp"]) > now.timestamp()
    except (jwt.PyJWTError, KeyError, ValueError, TypeError, OverflowError, RecursionError):
        return False
    return False
