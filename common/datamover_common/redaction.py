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

_SECRET_WORDS = ("password", "secret", "token", "keytab", "accesskey")
_VALUE = "value '"
_NAME_OF_VALUE = re.compile(r"(?=' at '([\w.\[\]-]*)')")

_PATTERNS = (
    # Access key ids: not secret by themselves, but they tell whose key it is.
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"), REDACTED),
    # botocore's own validation does so in its way.
    (
        re.compile(r"(parameter (?=[^\s,]*?(?:password|secret|token|keytab))[^\s,]*, value: )[^,]*", re.IGNORECASE),
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
    (re.compile(r"(\b[a-z][a-z0-9+.-]{0,31}://[^\s/:@]+:)[^\s/@]+@", re.IGNORECASE), rf"\1{REDACTED}@"),
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
    if not _is_hinted(text.casefold()):
        return text
    text = _without_refused_values(text)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def _is_hinted(folded: str) -> bool:
    for hint in _HINTS:  # noqa: SIM110 - for each value of each line of the log: a generator takes twice as long
        if hint in folded:
            return True
    return False


def _without_refused_values(text: str) -> str:
    """A ValidationException quotes the refused value, passwords and keys included: `Value '…' at 'password'`.

    Read once from left to right, for such a value may be long and may hold anything.
    """
    folded = text.lower()
    if len(folded) != len(text):  # a letter that becomes two: then places can't be compared
        folded = "".join(each.lower() if each.isascii() else each for each in text)
    kept, done = [], 0
    start = folded.find(_VALUE)
    for name in _NAME_OF_VALUE.finditer(folded):
        if start < 0:
            break
        end = name.start()
        if start + len(_VALUE) > end or not any(word in name[1] for word in _SECRET_WORDS):
            continue
        kept += [text[done : start + len(_VALUE)], REDACTED]
        done = end
        start = folded.find(_VALUE, end)
    return "".join([*kept, text[done:]])


@lru_cache(maxsize=256)
def is_secret_name(name: str) -> bool:
    """Tell whether a member called `name` (in any spelling: snake, kebab, camel) holds a secret."""
    return re.sub(r"[^a-z]", "", name.lower()) in _SECRET_NAMES
