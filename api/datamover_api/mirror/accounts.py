"""The namespaces that the REST service serves."""

from __future__ import annotations

from collections.abc import Iterable

from datamover_crds import DataMoverAccount
from datamover_crds.contract import serving_account


def served_namespaces(accounts: Iterable[DataMoverAccount]) -> frozenset[str]:
    """The namespaces with movers that are served by REST."""
    known = list(accounts)
    in_force = [serving_account(known, account_id) for account_id in {each.spec.account_id for each in known}]
    return frozenset(each.spec.rest.namespace for each in in_force if each is not None and each.spec.rest is not None)
