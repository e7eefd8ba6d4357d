"""Which account object serves an AWS account by REST."""

from __future__ import annotations

from collections.abc import Iterable

from datamover_crds import DataMoverAccount


def serving(accounts: Iterable[DataMoverAccount], account_id: str) -> DataMoverAccount | None:
    """The account object whose rest section is in force for an AWS account: the oldest that has one."""
    candidates = [each for each in accounts if each.spec.account_id == account_id and each.spec.rest is not None]
    return min(candidates, key=_age, default=None)


def served_namespaces(accounts: Iterable[DataMoverAccount]) -> frozenset[str]:
    """The namespaces that hold movers made by REST."""
    known = list(accounts)
    in_force = [serving(known, account_id) for account_id in {each.spec.account_id for each in known}]
    return frozenset(each.spec.rest.namespace for each in in_force if each is not None and each.spec.rest is not None)


def _age(account: DataMoverAccount) -> tuple[str, str]:
    return account.metadata.creation_timestamp or "", account.metadata.name
