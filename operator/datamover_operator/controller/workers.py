"""The workers: a bounded number of tasks that take keys from the queue and have them reconciled."""

from __future__ import annotations

import asyncio
import contextlib

import structlog

from datamover_common.logs import about
from datamover_common.turns import urgency
from datamover_operator.controller.context import AnyKind, Context, Key
from datamover_operator.controller.registry import Registry

_log = structlog.get_logger(__name__)


class Workers:
    """Works on the queue's keys. Unexpected errors are logged, and the key is tried again later."""

    def __init__(self, context: Context, registry: Registry) -> None:
        """The controllers in `registry` reconcile the objects of their kinds."""
        self._context = context
        self._registry = registry
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self._stopping = asyncio.Event()

    async def work_forever(self) -> None:
        """Work until cancelled; that cancels what is in flight, too."""
        async with asyncio.TaskGroup() as group:
            for number in range(self._context.settings.workers):
                group.create_task(self._work(), name=f"worker-{number}")

    async def drain(self, seconds: float) -> bool:
        """Take no more work and wait for what is in flight; return whether all of it ended in time."""
        self._stopping.set()
        try:
            async with asyncio.timeout(seconds):
                await self._idle.wait()
        except TimeoutError:
            return False
        return True

    async def _work(self) -> None:
        queue = self._context.queue
        while not self._stopping.is_set():
            key, lane = await queue.take()
            if self._stopping.is_set():
                return
            self._busy += 1
            self._idle.clear()
            urgency.set(lane.urgency)
            try:
                await self._reconcile(key)
            finally:
                queue.done(key)
                self._busy -= 1
                if not self._busy:
                    self._idle.set()

    async def _reconcile(self, key: Key) -> None:
        kind, uid = key
        started = self._context.clock.tick()
        result = "ok"
        with self._about(kind, uid):
            try:
                await self._registry[kind].reconcile(uid)
            except Exception:  # noqa: BLE001 - a mistake of ours must not end the worker
                result = "error"
                _log.exception("an object could not be reconciled")
                self._context.queue.retry(key)
        self._context.metrics.reconciled(kind.name, result, self._context.clock.tick() - started)

    def _about(self, kind: AnyKind, uid: str) -> contextlib.AbstractContextManager[None]:
        entry = self._context.caches[kind].get(uid)
        namespace, name = entry.key if entry is not None else ("", "")
        return about(kind=kind.name, namespace=namespace or None, name=name, uid=uid)
