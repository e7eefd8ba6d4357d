"""Comparisons of both sides, which read whole tables: in the background, one table after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import replace

from datamover_operator.postgres.failure import DatabaseError
from datamover_operator.postgres.ports import Databases
from datamover_operator.tablesyncs.memory import SyncMemory
from datamover_operator.tablesyncs.plan.observed import Verification, shown
from datamover_operator.tablesyncs.plan.steps import Verify
from datamover_operator.tablesyncs.ways import Ways

_PATIENCE = 5.0
"""Seconds until a comparison that was cancelled has ended."""


class Verifier:
    """Owns the tasks that compare."""

    def __init__(self, databases: Databases) -> None:
        """Compare through sessions of its own."""
        self._databases = databases
        self._group: asyncio.TaskGroup | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run_forever(self) -> None:
        """Hold the tasks, until cancelled."""
        async with asyncio.TaskGroup() as group:
            self._group = group
            try:
                await asyncio.Event().wait()
            finally:
                self._group = None

    def start(self, uid: str, step: Verify, ways: Ways, memory: SyncMemory, done: Callable[[], None]) -> None:
        """Compare in the background; `memory` is told how far it has got, `done` is called at the end."""
        memory.verification = Verification(step.attempt)
        if self._group is None:
            return
        task = self._group.create_task(self._compare(step, ways, memory), name=f"verification of {uid}")
        self._tasks[uid] = task
        task.add_done_callback(lambda _: done())

    def is_busy(self, uid: str) -> bool:
        """Whether a comparison goes on: it uses the two connections that a sync may have."""
        task = self._tasks.get(uid)
        return task is not None and not task.done()

    async def stop(self, uid: str) -> None:
        """Compare no longer; return when its connections are closed."""
        task = self._tasks.pop(uid, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task], timeout=_PATIENCE)

    async def _compare(self, step: Verify, ways: Ways, memory: SyncMemory) -> None:
        found = Verification(step.attempt)
        try:
            async with AsyncExitStack() as stack:
                source = await stack.enter_async_context(self._databases.source(ways.source))
                way = self._databases.destination(ways.destination, ways.from_destination)
                destination = await stack.enter_async_context(way)
                for table in step.tables:
                    key, columns = table.key, step.columns.get(table.key, ())
                    there, here = await asyncio.gather(
                        source.contents(table, columns, is_partitioned=("source", key) in step.partitioned),
                        destination.contents(key, columns, is_partitioned=("destination", key) in step.partitioned),
                    )
                    found = replace(found, verdicts={**found.verdicts, key: there == here})
                    if there != here:
                        what = (
                            f"{shown(key)} has {there.rows:,} rows at the source and {here.rows:,} at the destination"
                            if there.rows != here.rows
                            else f"{shown(key)} has {there.rows:,} rows on both sides, with other values"
                        )
                        found = replace(found, differences=(*found.differences, what))
                    memory.verification = found
        except DatabaseError as error:
            found = replace(found, failure=error.failure)
        memory.verification = replace(found, is_done=True)
