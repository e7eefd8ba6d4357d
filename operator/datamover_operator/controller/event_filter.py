"""Decides which watch events are news: only these put a key into the queue."""

from __future__ import annotations

from typing import cast

from pydantic import JsonValue

from datamover_crds import DataMover, DataMoverAccount, DataMoverRun, DataMoverStatus, JsonObject, from_timestamp
from datamover_crds.contract import FINALIZER, PREFIX
from datamover_operator.controller.context import ACTIVE, Caches, Desk, Key, Office, reference
from datamover_operator.controller.plan.conditions import is_true
from datamover_operator.controller.work_queue import WorkQueue
from datamover_operator.kube.cache import Cache, metadata_of, uid_of
from datamover_operator.kube.resources import Kind
from datamover_operator.process.metrics import Metrics

_DESKS = {Kind.MOVER: Desk.MOVER, Kind.RUN: Desk.RUN, Kind.ACCOUNT: Desk.ACCOUNT}
_ACCOUNT_DELAY = 2.0
"""How long an account waits before it counts its movers: many come at once."""

AnyCache = Cache[DataMover] | Cache[DataMoverRun] | Cache[DataMoverAccount]


class Intake:
    """Takes in watch events and our own writes."""

    def __init__(self, caches: Caches, queue: WorkQueue[Key], metrics: Metrics) -> None:
        """Fill `caches`, `queue` with what is news, and `metrics` with how the movers are."""
        self._caches = caches
        self._metrics = metrics
        self._queue = queue
        self._expected: dict[str, JsonValue] = {}

    def expect(self, kind: Kind, raw: JsonObject) -> None:
        """We are about to write this: its event, which may overtake the write's answer, is no news."""
        self._expected[uid_of(raw)] = _gist(kind, raw)

    def wrote(self, kind: Kind, raw: JsonObject) -> None:
        """The API server has answered a write with this object: its event is old from now on."""
        self._expected.pop(uid_of(raw), None)
        before = self._cache(kind).get(uid_of(raw))
        if self._has_taken_in(kind, raw) and before is None:
            self._queue.add((_DESKS[kind], uid_of(raw)))

    def found(self, kind: Kind, raw: JsonObject) -> None:
        """The API server has answered a read with this object: its event, which tells the same, may come later."""
        self.seen(kind, None, raw)

    def gone(self, kind: Kind, namespace: str, name: str) -> None:
        """The API server knows no object of this name: its deletion has not been seen, or comes yet."""
        entry = self._cache(kind).named(namespace, name)
        if entry is not None:
            self.vanished(kind, entry.uid)

    def seen(self, kind: Kind, event: str | None, raw: JsonObject) -> None:
        """A watch event: `event` is ADDED, MODIFIED, DELETED, or None for an object that was there before."""
        uid = uid_of(raw)
        if event == "DELETED":
            self.vanished(kind, uid)
            return
        before = self._cache(kind).get(uid)
        if not self._has_taken_in(kind, raw):
            return
        gist = _gist(kind, raw)
        if before is not None and (self._expected.get(uid) == gist or _gist(kind, before.raw) == gist):
            return
        self._queue.add((_DESKS[kind], uid))
        self._tell_neighbours(kind, before.raw if before is not None else None, raw)

    def known(self, kind: Kind) -> set[str]:
        """The uids of what is remembered."""
        return {entry.uid for entry in self._cache(kind)}

    def vanished(self, kind: Kind, uid: str) -> None:
        """The object is gone."""
        self._expected.pop(uid, None)
        cache = self._cache(kind)
        entry = cache.get(uid)
        cache.drop(uid)
        if kind is Kind.MOVER and entry is not None:
            self._forget(*entry.key)
        self._queue.add((_DESKS[kind], uid))
        if entry is not None:
            self._tell_neighbours(kind, entry.raw, None)

    def _forget(self, namespace: str, name: str) -> None:
        """Show a mover no longer, unless another one has its name by now."""
        if self._caches.movers.named(namespace, name) is None:
            self._metrics.forget_mover(namespace, name)

    def _tell_neighbours(self, kind: Kind, before: JsonObject | None, after: JsonObject | None) -> None:
        """What changes with one object for others: an account for its movers, a mover for its account and its runs."""
        raw = cast("JsonObject", after or before)
        namespace, name = str(metadata_of(raw).get("namespace", "")), str(metadata_of(raw).get("name", ""))
        is_new_spec = before is None or after is None or _generation(before) != _generation(after)
        match kind:
            case Kind.ACCOUNT if is_new_spec:
                for uid in self._caches.movers.uids(("account", name)):
                    self._queue.add((Desk.MOVER, uid))
            case Kind.MOVER:
                wake_runs(self._caches, self._queue, namespace, name)
                if before is None or after is None:
                    self._wake_account(raw)
            case Kind.RUN if after is None:
                its_mover = self._caches.movers.named(namespace, reference(raw, "moverRef"))
                if its_mover is not None:
                    self._queue.add((Desk.MOVER, its_mover.uid))
            case _:
                pass

    def _wake_account(self, mover: JsonObject) -> None:
        account = self._caches.accounts.named("", reference(mover, "accountRef"))
        if account is not None:
            delay = _ACCOUNT_DELAY if _our_finalizers(account.metadata) else 0.0
            self._queue.add_after((Desk.ACCOUNT, account.uid), delay)

    def _has_taken_in(self, kind: Kind, raw: JsonObject) -> bool:
        """Remember an object, unless it is gone, or known in this or a newer version; return whether it was news."""
        cache, uid = self._cache(kind), uid_of(raw)
        before = cache.get(uid)
        entry = cache.put(raw)
        if entry is before or cache.get(uid) is not entry:
            return False
        self._show(kind, uid)
        return True

    def _show(self, kind: Kind, uid: str) -> None:
        entry = self._caches.movers.get(uid) if kind is Kind.MOVER else None
        if entry is None:
            return
        namespace, name = entry.key
        status = entry.model.status
        self._metrics.mover_state(namespace, name, _state(status))
        if status.last_successful_time is not None:
            self._metrics.last_success(namespace, name, from_timestamp(status.last_successful_time))
        latest = status.current_run or status.last_run
        last, following = latest.start_time if latest is not None else None, status.next_scheduled_time
        self._metrics.starts(
            namespace,
            name,
            last=from_timestamp(last) if last else None,
            following=from_timestamp(following) if following else None,
        )

    def _cache(self, kind: Kind) -> AnyCache:
        match kind:
            case Kind.MOVER:
                return self._caches.movers
            case Kind.RUN:
                return self._caches.runs
            case Kind.ACCOUNT:
                return self._caches.accounts


def wake_runs(caches: Caches, queue: WorkQueue[Key], namespace: str, mover: str) -> None:
    """Have the runs of a mover that have not ended looked at."""
    for uid in caches.runs.uids((namespace, mover, ACTIVE)):
        queue.add((Desk.RUN, uid))


def wake_movers(office: Office, account: str) -> None:
    """Have every mover of an account looked at, also those that rest after a refusal."""
    for uid in office.caches.movers.uids(("account", account)):
        office.memories.of(uid).refused_generation = None
        office.queue.add((Desk.MOVER, uid))


def _gist(kind: Kind, raw: JsonObject) -> JsonValue:
    """What of an object is news when it changes: spec, deletion mark, our annotations and finalizer, status."""
    metadata = metadata_of(raw)
    annotations = metadata.get("annotations")
    ours = {k: v for k, v in (annotations if isinstance(annotations, dict) else {}).items() if k.startswith(PREFIX)}
    return [
        metadata.get("generation"),
        metadata.get("deletionTimestamp"),
        ours,
        _our_finalizers(metadata),
        raw.get("status") or {},
        kind.value.kind,
    ]


def _state(status: DataMoverStatus) -> str:
    """Which condition stands."""
    kinds = ("Ready", "Reconciling", "Stalled")
    return next((kind for kind in kinds if is_true(status.conditions, kind)), "Unknown")


def _our_finalizers(metadata: JsonObject) -> list[JsonValue]:
    """The finalizers that operators of our kind have set."""
    finalizers = metadata.get("finalizers")
    return [each for each in finalizers if str(each).endswith(FINALIZER)] if isinstance(finalizers, list) else []


def _generation(raw: JsonObject) -> JsonValue:
    return metadata_of(raw).get("generation")
