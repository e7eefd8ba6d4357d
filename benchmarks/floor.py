"""The floor: a bare script that makes movers Ready with the operator's own calls, and does nothing else.

Per mover it sends what the operator has to send: one create, the operator's five writes and two Events to Kubernetes,
and ten calls to AWS. It knows everything in advance, so it watches nothing, plans nothing, checks nothing, keeps no
books for a crash, and has no pace to keep. It has as many movers in work, and as many AWS calls in flight, as the
operator has by default.

It says "ready" when its clients are made, begins when it is given a line, and ends when all is written.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from benchmarks import bodies
from benchmarks.arena import AWS_IN_FLIGHT, DESTINATION, NAMESPACE, SOURCE, mover_named
from benchmarks.cluster_client import MOVERS, ClusterClient, Json
from datamover_dev.stack.environment import ACCOUNT_ID, REGION

IN_WORK = 64
_COLLECTION = MOVERS.format(namespace=NAMESPACE)
_EVENTS = f"/apis/events.k8s.io/v1/namespaces/{NAMESPACE}/events"
_SIDES = {"source": SOURCE, "destination": DESTINATION}


@dataclass(frozen=True)
class Script:
    """Works on one mover after the other; several workers share it."""

    cluster: ClusterClient
    pool: ThreadPoolExecutor
    datasync: Any
    iam: Any

    async def make_ready(self, name: str) -> None:
        """Take one mover from nothing to Ready."""
        mover = await self.cluster.create(_COLLECTION, mover_named(name))
        mover = await self._write(mover, {"metadata": {"finalizers": [bodies.FINALIZER]}})
        mover = await self._write(mover, {"status": bodies.intent(mover)}, "/status")
        sides = await asyncio.gather(*(self._side(mover, side) for side in _SIDES))
        roles = {side: role for side, (role, _) in zip(_SIDES, sides, strict=True)}
        locations = {side: location for side, (_, location) in zip(_SIDES, sides, strict=True)}
        task = await self._aws(self.datasync.create_task, **bodies.task(mover, locations))
        arn = task["TaskArn"]
        mover = await self._write(mover, {"status": bodies.made(mover, arn, locations, roles)}, "/status")
        await self.cluster.create(_EVENTS, bodies.event(mover, "TaskCreated", f"task {arn}"))
        mover = await self._write(mover, {"metadata": {"annotations": {bodies.TASK_ARN: arn}}})
        seen = await self._describe(arn, locations)
        mover = await self._write(mover, {"status": bodies.ready(mover, seen)}, "/status")
        await self.cluster.create(_EVENTS, bodies.event(mover, "Ready", "as declared"))

    async def _side(self, mover: Json, side: str) -> tuple[str, str]:
        """Make a role and a location; return their ARNs."""
        name = bodies.role_name(mover, side)
        role = await self._aws(self.iam.create_role, **bodies.role(mover, side, ACCOUNT_ID, REGION))
        policy = bodies.policy(side, _SIDES[side])
        await self._aws(
            self.iam.put_role_policy, RoleName=name, PolicyName="DataSyncBucketAccessPolicy", PolicyDocument=policy
        )
        arn: str = role["Role"]["Arn"]
        location = await self._aws(self.datasync.create_location_s3, **bodies.location(mover, side, arn))
        return arn, location["LocationArn"]

    async def _describe(self, task: str, locations: dict[str, str]) -> Json:
        while True:
            described = await self._aws(self.datasync.describe_task, TaskArn=task)
            if described["Status"] == "AVAILABLE":
                break
        seen = {"task": bodies.camel(described)}
        replies = await asyncio.gather(
            *(self._aws(self.datasync.describe_location_s3, LocationArn=arn) for arn in locations.values())
        )
        return seen | {side: bodies.camel(reply) for side, reply in zip(locations, replies, strict=True)}

    async def _aws(self, method: Callable[..., Any], **request: object) -> Any:  # noqa: ANN401 - boto3's replies
        return await asyncio.get_running_loop().run_in_executor(self.pool, lambda: method(**request))

    async def _write(self, mover: Json, patch: Json, subresource: str = "") -> Json:
        version = {"resourceVersion": mover["metadata"]["resourceVersion"]}
        body = patch | {"metadata": patch.get("metadata", {}) | version}
        return await self.cluster.patch(f"{_COLLECTION}/{mover['metadata']['name']}{subresource}", body)


async def run(movers: int) -> None:
    """Make so many movers Ready."""
    names = iter([f"m-{number}" for number in range(movers)])
    config = Config(max_pool_connections=AWS_IN_FLIGHT)
    with ThreadPoolExecutor(AWS_IN_FLIGHT) as pool:
        async with ClusterClient(Path(os.environ["KUBECONFIG"])) as cluster:
            script = Script(cluster, pool, boto3.client("datasync", config=config), boto3.client("iam", config=config))
            print("ready", flush=True)
            await asyncio.to_thread(sys.stdin.readline)

            async def work() -> None:
                for name in names:
                    await script.make_ready(name)

            await asyncio.gather(*(work() for _ in range(IN_WORK)))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("movers", type=int)
    asyncio.run(run(arguments.parse_args().movers))
