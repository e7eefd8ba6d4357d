"""Says when objects are Ready, by one watch: the same judge for the operator and for the bare script."""

from __future__ import annotations

import asyncio

from benchmarks.arena import NAMESPACE
from benchmarks.cluster_client import MOVERS, ClusterClient, Json

COLLECTION = MOVERS.format(namespace=NAMESPACE)


async def wait_until_ready(cluster: ClusterClient, path: str, count: int, version: str, patience: float) -> None:
    """Return when `count` objects under `path` became Ready after the resourceVersion `version`.

    Raises:
        TimeoutError: they were not within `patience` seconds; the message counts those that were.
    """
    ready: set[str] = set()
    try:
        async with asyncio.timeout(patience):
            while len(ready) < count:  # the API server ends each watch after some minutes
                async for found in cluster.watch(path, version):
                    version = found["metadata"]["resourceVersion"]
                    if is_ready(found):
                        ready.add(found["metadata"]["name"])
                        if len(ready) == count:
                            return
    except TimeoutError:
        raise TimeoutError(f"{len(ready)} of {count} objects are Ready after {patience:.0f} s") from None


def is_ready(found: Json) -> bool:
    """Whether an object is Ready at its newest generation."""
    generation = found["metadata"]["generation"]
    conditions = found.get("status", {}).get("conditions", [])
    return any(
        each["type"] == "Ready" and each["status"] == "True" and each["observedGeneration"] == generation
        for each in conditions
    )
