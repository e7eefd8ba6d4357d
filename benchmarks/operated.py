"""An operator at work in an arena. A benchmark fails at once when the operator ends, instead of waiting in vain."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from benchmarks.arena import NAMESPACE, Arena, mover_named
from benchmarks.cluster_client import ClusterClient
from benchmarks.judge import COLLECTION, is_ready, wait_until_ready
from benchmarks.operator_metrics import OperatorMetrics
from datamover_dev.stack.operator import Operator

AT_ONCE = 64
"""Movers that are created at the same time."""

_ACCOUNTS = "/apis/datamover.io/v1alpha1/datamoveraccounts"
_ACCOUNT_TIMEOUT_S = 60.0
_LOOK_S = 0.5
_QUIET_S = 3.0
_QUIET_TIMEOUT_S = 300.0
_PASSES = "datamover_reconcile_duration_seconds_count"
_WRITES = "datamover_kubernetes_writes_total"
T = TypeVar("T")


class OperatorEndedError(Exception):
    """The operator's process ended by itself; the message has its exit code and the end of its log."""


@dataclass(frozen=True)
class Operated:
    """A running operator, and a client of its API server."""

    process: Operator
    cluster: ClusterClient

    async def while_alive(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what `work` returns. Raises OperatorEndedError as soon as the operator's process has ended."""
        task = asyncio.create_task(work)
        try:
            while not task.done():
                await asyncio.wait({task}, timeout=_LOOK_S)
                if self.process.exit_code is not None:
                    raise OperatorEndedError(f"exit code {self.process.exit_code}\n{self.process.tail()}")
            return await task
        finally:
            task.cancel()

    async def make_ready(self, names: list[str], patience: float) -> None:
        """Apply movers of these names, and wait until all are Ready. Raises TimeoutError after `patience` seconds."""
        listed = await self.cluster.get(f"{COLLECTION}?limit=1")
        version = listed["metadata"]["resourceVersion"]
        judge = wait_until_ready(self.cluster, COLLECTION, len(names), version, patience)
        await self.while_alive(_both(apply_movers(self.cluster, names), judge))

    async def until_quiet(self) -> float:
        """Wait until no pass and no write has happened for some seconds; return when the last did (perf_counter)."""
        return await self.while_alive(self._until_quiet())

    async def _until_quiet(self) -> float:
        async with asyncio.timeout(_QUIET_TIMEOUT_S):
            seen, since = await self._work_so_far(), time.perf_counter()
            while time.perf_counter() - since < _QUIET_S:
                await asyncio.sleep(_LOOK_S)
                now = await self._work_so_far()
                if now != seen:
                    seen, since = now, time.perf_counter()
            return since

    async def _work_so_far(self) -> tuple[float, float]:
        metrics = await OperatorMetrics.of(self.process.url)
        return metrics.total(_PASSES), metrics.total(_WRITES)


@asynccontextmanager
async def operated(arena: Arena, settings: Mapping[str, str], *, log: str = "operator.log") -> AsyncIterator[Operated]:
    """Start an operator with these `DATAMOVER_*` settings; it is ready, and so is the account."""
    own = {"DATAMOVER_NAMESPACES": NAMESPACE, "DATAMOVER_OPERATOR_NAMESPACE": NAMESPACE}
    process = Operator(log=arena.folder / log, environment={**arena.environment, **own, **settings})
    try:
        process.wait_until_ready()
        async with ClusterClient(arena.kubeconfig) as cluster:
            await _until_account_is_ready(cluster)
            yield Operated(process, cluster)
    finally:
        process.terminate()


async def apply_movers(cluster: ClusterClient, names: Iterable[str]) -> None:
    """Create movers of these names, many at the same time."""
    left = iter(names)

    async def work() -> None:
        for name in left:
            await cluster.create(COLLECTION, mover_named(name))

    await asyncio.gather(*(work() for _ in range(AT_ONCE)))


async def _both(first: Coroutine[Any, Any, None], second: Coroutine[Any, Any, None]) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(first)
        group.create_task(second)


async def _until_account_is_ready(cluster: ClusterClient) -> None:
    listed = await cluster.get(_ACCOUNTS)
    if not all(is_ready(account) for account in listed["items"]):
        await wait_until_ready(cluster, _ACCOUNTS, 1, listed["metadata"]["resourceVersion"], _ACCOUNT_TIMEOUT_S)
