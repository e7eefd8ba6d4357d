"""What must never be shown: secrets are taken out of texts before anything logs, reports or stores them (I6)."""

from __future__ import annotations

import re
from functools import lru_cache

REDACTED = "[redacted]"

_HINTS = (
    "://",
    "access_key",
    "accesskey",
    "akia",
    "asia",
    "bearer",
    "keytab",
    "password",
    "secret",
    "signature=",
    "token",
)
"""One of these, in whatever case, is in every text that one of the patterns matches: few texts have to be searched."""

_PATTERNS = (
    # Access key ids: not secret by themselves, but they tell whose key it is.
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), REDACTED),
    # A ValidationException quotes the refused value, passwords and keys included.
    (
        re.compile(r"Value '(?s:.)*?' at '([^']*(?:password|secret|token|keytab|accesskey)[^']*)'", re.IGNORECASE),
        rf"Value '{REDACTED}' at '\1'",
    ),
    # botocore's own validation does so in its way.
    (
        re.compile(r"(parameter \S*(?:password|secret|token|keytab)\S*, value: )[^,]*", re.IGNORECASE),
        rf"\1{REDACTED}",
    ),
    # Signature mismatches quote the canonical request with its headers; clients quote Authorization headers.
    (re.compile(r"(x-amz-security-token['\"]?\s*[:=]\s*b?['\"]?)[^\s'\",}]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"\b(Signature=)[0-9a-fA-F]{16,}"), rf"\1{REDACTED}"),
    (re.compile(r"\b(Bearer\s+)[A-Za-z0-9._~+/=-]{8,}", re.IGNORECASE), rf"\1{REDACTED}"),
    # name=value and "name": "value" for the names under which credentials travel.
    (
        re.compile(
            r"(\b(?:aws_)?(?:secret_?access_?key|session_?token|secret_?key|password)['\"]?\s*[:=]\s*b?['\"]?)[^\s'\",}]+",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    # https://user:password@proxy
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]+:)[^\s/@]+@", re.IGNORECASE), rf"\1{REDACTED}@"),
)

_SECRET_NAMES = frozenset(
    {
        "accesskey",
        "accesskeyid",
        "authorization",
        "awsaccesskeyid",
        "awssecretaccesskey",
        "awssessiontoken",
        "credentials",
        "password",
        "secret",
        "secretaccesskey",
        "secretkey",
        "securitytoken",
        "sessiontoken",
        "xamzsecuritytoken",
    }
)


def scrub(text: str) -> str:
    """Return `text` without the secrets it may quote."""
    folded = text.casefold()
    if not any(hint in folded for hint in _HINTS):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@lru_cache(maxsize=256)
def is_secret_name(name: str) -> bool:
    """Tell whether a member called `name` (in any spelling: snake, kebab, camel) holds a secret."""
    return re.sub(r"[^a-z]", "", name.lower()) in _SECRET_NAMES
