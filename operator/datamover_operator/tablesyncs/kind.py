"""TableSyncs in a cache."""

from __future__ import annotations

from datamover_crds import TableSync
from datamover_operator.kube.kinds import Kind

TABLE_SYNC = Kind(TableSync, lambda _: ())
