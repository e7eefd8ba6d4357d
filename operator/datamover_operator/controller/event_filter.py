"""Decides which watch events are news: only these put a key into the queue."""

from __future__ import annotations

from pydantic import JsonValue

from datamover_common.kube.objects import metadata_of, uid_of
from datamover_crds import JsonObject
from datamover_crds.contract import FINALIZER, PREFIX
from datamover_operator.controller.context import AnyKind, Caches, Key
from datamover_operator.controller.registry import Change, Registry
from datamover_operator.controller.work_queue import WorkQueue


class EventFilter:
    """Takes in watch events, what reads answer, and our own writes."""

    def __init__(self, caches: Caches, queue: WorkQueue[Key], registry: Registry) -> None:
        """Fill `caches`, and `queue` with what is news; the controllers in `registry` say whom else it concerns."""
        self._caches = caches
        self._queue = queue
        self._registry = registry
        self._expected: dict[str, JsonValue] = {}

    def expect(self, kind: AnyKind, raw: JsonObject) -> None:
        """We are about to write this: its event, which may overtake the write's answer, is not news."""
        self._expected[uid_of(raw)] = _gist(kind, raw)

    def wrote(self, kind: AnyKind, raw: JsonObject) -> None:
        """The API server has answered a write with this object: its event is old news from now on."""
        self._expected.pop(uid_of(raw), None)
        before = self._caches[kind].get(uid_of(raw))
        if self._take_in(kind, raw) and before is None:
            self._queue.add((kind, uid_of(raw)))

    def found(self, kind: AnyKind, raw: JsonObject) -> None:
        """The API server has answered a read with this object: its event, which tells the same, may come later."""
        self.seen(kind, None, raw)

    def gone(self, kind: AnyKind, namespace: str, name: str) -> None:
        """The API server has no object of this name: the deletion event was missed or has not arrived yet."""
        entry = self._caches[kind].named(namespace, name)
        if entry is not None:
            self.vanished(kind, entry.uid)

    def seen(self, kind: AnyKind, event: str | None, raw: JsonObject) -> None:
        """A watch event: `event` is ADDED, MODIFIED, DELETED, or None for an object that was there before."""
        uid = uid_of(raw)
        if event == "DELETED":
            self.vanished(kind, uid)
            return
        before = self._caches[kind].get(uid)
        if not self._take_in(kind, raw):
            return
        gist = _gist(kind, raw)
        if before is not None and (self._expected.get(uid) == gist or _gist(kind, before.raw) == gist):
            return
        self._queue.add((kind, uid))
        self._wake(kind, Change(before.raw if before is not None else None, raw))

    def known(self, kind: AnyKind) -> set[str]:
        """The uids of what is remembered."""
        return {entry.uid for entry in self._caches[kind]}

    def vanished(self, kind: AnyKind, uid: str) -> None:
        """The object is gone."""
        self._expected.pop(uid, None)
        entry = self._caches[kind].get(uid)
        self._caches[kind].drop(uid)
        self._queue.add((kind, uid))
        if entry is not None:
            change = Change(entry.raw, None)
            self._registry[kind].shows(change)
            self._wake(kind, change)

    def _wake(self, kind: AnyKind, change: Change) -> None:
        for wake in self._registry[kind].wakes(change):
            self._queue.add_after((wake.kind, wake.uid), wake.after)

    def _take_in(self, kind: AnyKind, raw: JsonObject) -> bool:
        """Remember an object, unless it is gone, or known in this or a newer version; return whether it was news."""
        cache, uid = self._caches[kind], uid_of(raw)
        before = cache.get(uid)
        entry = cache.put(raw)
        if entry is before or cache.get(uid) is not entry:
            return False
        self._registry[kind].shows(Change(before.raw if before is not None else None, raw))
        return True


def _gist(kind: AnyKind, raw: JsonObject) -> JsonValue:
    """The parts of an object whose change is news: spec, deletion mark, our annotations and finalizers, status."""
    metadata = metadata_of(raw)
    annotations = metadata.get("annotations")
    ours = {k: v for k, v in (annotations if isinstance(annotations, dict) else {}).items() if k.startswith(PREFIX)}
    return [
        metadata.get("generation"),
        metadata.get("deletionTimestamp"),
        ours,
        our_finalizers(metadata),
        raw.get("status") or {},
        kind.name,
    ]


def our_finalizers(metadata: JsonObject) -> list[JsonValue]:
    """The finalizers that operators of our kind have set."""
    finalizers = metadata.get("finalizers")
    return [each for each in finalizers if str(each).endswith(FINALIZER)] if isinstance(finalizers, list) else []
