"""What an account lets a namespace use: nothing, unless it says so (invariant I6)."""

from __future__ import annotations

from collections.abc import Iterable

from datamover_crds import DataMoverAccount
from datamover_crds.locations import split_uri
from datamover_operator.accounts.plan.wildcards import matches


def namespace_granted(account: DataMoverAccount, namespace: str) -> bool:
    """Whether any grant names the namespace."""
    return any(_matches(grant.namespaces, namespace) for grant in account.spec.grants)


def location_granted(account: DataMoverAccount, namespace: str, uri: str, access_point: str | None) -> bool:
    """Whether the namespace may read and write what a LocationUri names, reached through an access point or not.

    The folder in the URI is then one in the point's root directory, which may be anywhere in the file system.
    """
    patterns = [
        each for grant in account.spec.grants if _matches(grant.namespaces, namespace) for each in grant.locations
    ]
    if access_point is None:
        return _matches(patterns, uri)
    root = f"{split_uri(uri)[0]}/"
    return _matches(patterns, access_point) or _matches((each for each in patterns if each.endswith("*")), root)


def role_granted(account: DataMoverAccount, namespace: str, role_arn: str) -> bool:
    """Whether the namespace may have DataSync use an existing role."""
    return any(
        _matches(grant.namespaces, namespace) and _matches(grant.role_arns, role_arn) for grant in account.spec.grants
    )


def agent_granted(account: DataMoverAccount, namespace: str, agent_arn: str) -> bool:
    """Whether the namespace may have DataSync use an agent."""
    return any(
        _matches(grant.namespaces, namespace) and _matches(grant.agent_arns, agent_arn) for grant in account.spec.grants
    )


def _matches(patterns: Iterable[str], value: str) -> bool:
    return any(matches(pattern, value) for pattern in patterns)
