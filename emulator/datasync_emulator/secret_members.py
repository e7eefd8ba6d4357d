"""Which parameters hold secrets: they are shown in no journal, error or log."""

from __future__ import annotations

from typing import Final

_SECRET: Final = frozenset(
    {
        "accesskey",
        "activationkey",
        "kerberoskeytab",
        "kerberoskrb5conf",
        "password",
        "samlassertion",
        "sasconfiguration",
        "secretaccesskey",
        "secretbinary",
        "secretkey",
        "secretstring",
        "servercertificate",
        "sessiontoken",
        "tokencode",
        "webidentitytoken",
    }
)
HIDDEN: Final = "***"


def is_secret(name: str) -> bool:
    """Whether a parameter of this name, in whichever case, holds a secret."""
    return name.lower() in _SECRET
