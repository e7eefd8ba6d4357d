"""What an account lets a namespace use: nothing, unless it says so (invariant I6)."""

from __future__ import annotations

import re
from collections.abc import Iterable

from datamover_crds import DataMoverAccount


def namespace_granted(account: DataMoverAccount, namespace: str) -> bool:
    """Whether any grant names the namespace."""
    return any(_matches(grant.namespaces, namespace) for grant in account.spec.grants)


def location_granted(account: DataMoverAccount, namespace: str, uri: str) -> bool:
    """Whether the namespace may read and write the store and folder that a LocationUri names."""
    return any(
        _matches(grant.namespaces, namespace) and _matches(grant.locations, uri) for grant in account.spec.grants
    )


def role_granted(account: DataMoverAccount, namespace: str, role_arn: str) -> bool:
    """Whether the namespace may have DataSync use an existing role."""
    return any(
        _matches(grant.namespaces, namespace) and _matches(grant.role_arns, role_arn) for grant in account.spec.grants
    )


def _matches(patterns: Iterable[str], value: str) -> bool:
    return any(re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), value) for pattern in patterns)
