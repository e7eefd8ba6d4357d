"""What the courier has to know of an object whose status holds notifications: one line for each kind in `ORIGINS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, Delivery, JsonObject, Receiver, TableSync
from datamover_crds.common import API_VERSION
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.controller.context import AnyKind, Caches
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.plan.notifying import mover_data
from datamover_operator.runs.kind import RUN
from datamover_operator.runs.plan.notifying import run_data
from datamover_operator.tablesyncs.kind import TABLE_SYNC
from datamover_operator.tablesyncs.plan.notifying import sync_data


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a notification comes from.

    `own` are the entries of `notify` in the namespace of the object; `mover_uid` is the mover that keeps the object
    until everybody has been notified.
    """

    namespace: str
    own: Sequence[Receiver]
    source: str
    subject: str
    data: JsonObject = field(repr=False)
    mover_uid: str | None = None


OriginOf = Callable[[Caches, Any, Delivery], Origin]


def account_of(caches: Caches, name: str) -> DataMoverAccount | None:
    """The account, as it is known now."""
    entry = caches[ACCOUNT].named("", name)
    return entry.model if entry is not None else None


def _source(namespace: str, plural: str, name: str) -> str:
    return f"/apis/{API_VERSION}/namespaces/{namespace}/{plural}/{name}"


def _of_mover(_caches: Caches, mover: DataMover, delivery: Delivery) -> Origin:
    meta = mover.metadata
    source = _source(meta.namespace, "datamovers", meta.name)
    return Origin(meta.namespace, mover.spec.notify, source, meta.name, mover_data(mover, delivery))


def _of_run(caches: Caches, run: DataMoverRun, _delivery: Delivery) -> Origin:
    meta, mover = run.metadata, run.spec.mover_ref.name
    entry = caches[MOVER].named(meta.namespace, mover)
    own, uid = (entry.model.spec.notify, entry.uid) if entry is not None else ((), None)
    source = _source(meta.namespace, "datamovers", mover)
    return Origin(meta.namespace, own, source, meta.name, run_data(run), mover_uid=uid)


def _of_sync(_caches: Caches, sync: TableSync, delivery: Delivery) -> Origin:
    meta = sync.metadata
    source = _source(meta.namespace, "tablesyncs", meta.name)
    return Origin(meta.namespace, sync.spec.notify, source, meta.name, sync_data(sync, delivery))


ORIGINS: Mapping[AnyKind, OriginOf] = {MOVER: _of_mover, RUN: _of_run, TABLE_SYNC: _of_sync}
