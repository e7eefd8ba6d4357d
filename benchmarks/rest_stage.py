"""What the REST service's benchmark plays on: an API server with movers and runs as an operator leaves them."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import bcrypt

from benchmarks.cluster_client import MOVERS, ClusterClient, Json
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from datamover_dev.stack.environment import ACCOUNT_ID, REGION, without_foreign_settings
from datamover_dev.stack.rest import START_TIMEOUT, RestService

NAMESPACE, GROUP = "bench", "bench"
IN_WORK = 20
COST = 10
"""Of the clients' bcrypt hashes: the default of most libraries."""

_ARN = f"arn:aws:datasync:{REGION}:{ACCOUNT_ID}"
_COLLECTION = MOVERS.format(namespace=NAMESPACE)
_RUNS = f"{_COLLECTION.removesuffix('s')}runs"
_NOW = "2026-01-31T12:00:00.000Z"


@dataclass(frozen=True)
class Stage:
    """Starts REST services; `token` opens them. `movers` are there, `etcd` is the URL of what keeps them."""

    kubeconfig: Path
    etcd: str
    movers: list[Json]
    folder: Path
    token: str
    running: ExitStack

    def service(self, timeout: float = START_TIMEOUT) -> RestService:
        """One more replica, ready."""
        environment = without_foreign_settings(os.environ) | {
            "KUBECONFIG": str(self.kubeconfig),
            "DATAMOVER_API_KEYS_FILE": str(self.folder / "keys"),
        }
        service = RestService(log=self.folder / f"rest-{secrets.token_hex(2)}.log", environment=environment)
        self.running.callback(service.terminate)
        service.wait_until_ready(timeout)
        return service


@contextmanager
def stage(folder: Path, movers: int, runs: int) -> Iterator[Stage]:
    """An API server with so many movers in one group, the first of which has so many runs."""
    folder.mkdir(parents=True)
    key = secrets.token_urlsafe(24)
    (folder / "keys").write_text(f"{key}\n")
    with ControlPlane(folder / "control-plane", crds=CRDS) as control_plane, ExitStack() as running:
        control_plane.kubectl("create", "namespace", NAMESPACE)
        made = asyncio.run(_fill(control_plane.kubeconfig, movers, runs))
        token = bcrypt.hashpw(key.encode(), bcrypt.gensalt(COST)).decode()
        yield Stage(control_plane.kubeconfig, control_plane.etcd, made, folder, token, running)


async def _fill(kubeconfig: Path, movers: int, runs: int) -> list[Json]:
    async with ClusterClient(kubeconfig) as cluster:
        spec = {"accountId": ACCOUNT_ID, "region": REGION, "rest": {"namespace": NAMESPACE}}
        await cluster.create(
            "/apis/datamover.io/v1alpha1/datamoveraccounts", _object("DataMoverAccount", "bench", spec)
        )
        made = [await _add_mover(cluster, 0)]

        async def add(number: int) -> None:
            made.append(await _add_mover(cluster, number))

        await _by_many(range(1, movers), add)
        await _by_many(range(runs), lambda number: _add_run(cluster, made[0], number))
        return sorted(made, key=lambda mover: str(mover["metadata"]["name"]))


async def _by_many(numbers: Iterable[int], add: Callable[[int], Awaitable[object]]) -> None:
    left = iter(numbers)

    async def work() -> None:
        for number in left:
            await add(number)

    await asyncio.gather(*(work() for _ in range(IN_WORK)))


async def _add_mover(cluster: ClusterClient, number: int) -> Json:
    name = f"mover-{number:04}"
    spec = {
        "accountRef": {"name": "bench"},
        "name": name,
        "source": {"s3": {"s3BucketArn": "arn:aws:s3:::source", "subdirectory": f"/{name}"}},
        "destination": {"s3": {"s3BucketArn": "arn:aws:s3:::destination", "subdirectory": f"/{name}"}},
        "tags": [{"key": "spinup:spaceid", "value": GROUP}, {"key": "env", "value": "bench"}],
        "options": {"verifyMode": "ONLY_FILES_TRANSFERRED", "transferMode": "CHANGED"},
    }
    made = await cluster.create(_COLLECTION, _object("DataMover", f"{GROUP}.{name}", spec))
    status = {"conditions": _conditions("Ready"), "taskArn": _task(number), "observed": _observed(name, number)}
    await cluster.patch(f"{_COLLECTION}/{GROUP}.{name}/status", {"status": status})
    return made


async def _add_run(cluster: ClusterClient, mover: Json, number: int) -> None:
    run = run_of(mover, number)
    await cluster.create(_RUNS, {name: part for name, part in run.items() if name != "status"})
    await cluster.patch(f"{_RUNS}/{run['metadata']['name']}/status", {"status": run["status"]})


def run_of(mover: Json, number: int) -> Json:
    """A run as the operator leaves it."""
    meta = mover["metadata"]
    counters = ("bytesTransferred", "bytesWritten", "estimatedBytesToTransfer", "filesTransferred")
    status = {
        "phase": "Succeeded",
        "moverUid": meta["uid"],
        "conditions": _conditions("Succeeded"),
        "executionArn": f"{_task(int(meta['name'].rpartition('-')[2]))}/execution/exec-{number:017x}",
        "startTime": _NOW,
        "completionTime": _NOW,
        "counters": dict.fromkeys(counters, 12345),
        "result": {"prepareDuration": 1669, "prepareStatus": "SUCCESS", "totalDuration": 7662},
    }
    run = _object("DataMoverRun", f"{meta['name']}-{number:010x}", {"moverRef": {"name": meta["name"]}})
    owner = {"apiVersion": mover["apiVersion"], "kind": mover["kind"], "name": meta["name"], "uid": meta["uid"]}
    run["metadata"] |= {
        "labels": {"datamover.io/mover": meta["name"], "datamover.io/origin": "rest"},
        "annotations": {"datamover.io/claim": f'{{"nonce": "{number:024x}", "moverUid": "{meta["uid"]}"}}'},
        "ownerReferences": [owner | {"controller": True}],
    }
    return run | {"status": status}


def _object(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": "datamover.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}


def _task(number: int) -> str:
    return f"{_ARN}:task/task-{number:017x}"


def _conditions(reason: str) -> list[Json]:
    states = {"Ready": "True", "Reconciling": "False", "Stalled": "False"}
    common = {"observedGeneration": 1, "lastTransitionTime": "2026-01-31T12:00:00Z", "reason": reason, "message": ""}
    return [common | {"type": kind, "status": status} for kind, status in states.items()]


def _observed(name: str, number: int) -> Json:
    options = {
        "atime": "BEST_EFFORT",
        "bytesPerSecond": -1,
        "gid": "NONE",
        "logLevel": "OFF",
        "mtime": "PRESERVE",
        "objectTags": "PRESERVE",
        "overwriteMode": "ALWAYS",
        "posixPermissions": "NONE",
        "uid": "NONE",
        "preserveDeletedFiles": "PRESERVE",
        "preserveDevices": "NONE",
        "securityDescriptorCopyFlags": "NONE",
        "taskQueueing": "ENABLED",
        "transferMode": "CHANGED",
        "verifyMode": "ONLY_FILES_TRANSFERRED",
    }
    source, destination = _location("source", name, 2 * number), _location("destination", name, 2 * number + 1)
    task = {
        "taskArn": _task(number),
        "status": "AVAILABLE",
        "name": name,
        "sourceLocationArn": source["locationArn"],
        "destinationLocationArn": destination["locationArn"],
        "creationTime": _NOW,
        "options": options,
        "includes": [],
        "excludes": [],
        "taskMode": "BASIC",
    }
    return {"task": task, "source": source, "destination": destination}


def _location(bucket: str, name: str, number: int) -> Json:
    return {
        "locationArn": f"{_ARN}:location/loc-{number:017x}",
        "locationUri": f"s3://{bucket}/{name}/",
        "s3StorageClass": "STANDARD",
        "s3Config": {"bucketAccessRoleArn": f"arn:aws:iam::{ACCOUNT_ID}:role/{name}-{bucket}"},
        "creationTime": _NOW,
    }
