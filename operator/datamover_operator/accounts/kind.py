"""DataMoverAccounts in a cache."""

from __future__ import annotations

from datamover_crds import DataMoverAccount
from datamover_operator.kube.kinds import Kind

ACCOUNT = Kind(DataMoverAccount, lambda _: (), is_namespaced=False)
