"""Where our kinds live in the API."""

from __future__ import annotations

from typing import Final

_BASE: Final = "/apis/datamover.io/v1alpha1"

ACCOUNTS: Final = f"{_BASE}/datamoveraccounts"
"""The path of all accounts."""


def movers(namespace: str) -> str:
    """The path of a namespace's movers."""
    return f"{_BASE}/namespaces/{namespace}/datamovers"


def runs(namespace: str) -> str:
    """The path of a namespace's runs."""
    return f"{_BASE}/namespaces/{namespace}/datamoverruns"
