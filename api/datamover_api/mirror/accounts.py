"""The namespaces that the REST service serves, and what it reads in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from datamover_crds import DataMoverAccount
from datamover_crds.contract import label_studio_home, serving_account, sync_home

Home = Callable[[Iterable[DataMoverAccount]], tuple[DataMoverAccount, str] | None]
"""Chooses the account that serves a facade, and gives the namespace of its objects."""


def served_namespaces(accounts: Iterable[DataMoverAccount]) -> frozenset[str]:
    """The namespaces with movers that are served to clients of the older service."""
    known = list(accounts)
    in_force = [serving_account(known, account_id) for account_id in {each.spec.account_id for each in known}]
    return frozenset(each.spec.rest.namespace for each in in_force if each is not None and each.spec.rest is not None)


@dataclass(frozen=True, slots=True)
class Served:
    """The facades that are on, as far as they need namespaces."""

    legacy: bool = True
    label_studio: bool = False
    sync: bool = False

    def namespaces(self, accounts: Sequence[DataMoverAccount]) -> dict[str, bool]:
        """The namespaces to read, each with whether table syncs are read there, too."""
        wanted = dict.fromkeys(served_namespaces(accounts) if self.legacy else (), False)
        storages = label_studio_home(accounts) if self.label_studio else None
        syncs = sync_home(accounts) if self.sync else None
        if storages is not None:
            wanted[storages[1]] = False
        if syncs is not None:
            wanted[syncs[1]] = True
        return wanted
