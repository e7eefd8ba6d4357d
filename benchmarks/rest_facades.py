"""Reads of Label Studio's API and of the DataSync API v2.1 under a steady load, beside a bare server."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
from collections.abc import Iterable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.beside import RATE, Rounds, Route, compare, table
from benchmarks.cluster_client import MOVERS, ClusterClient, Json
from benchmarks.figures import Figures
from benchmarks.load import Server, require_hey
from benchmarks.rest import Say
from benchmarks.rest_stage import IN_WORK, NAMESPACE, run_of
from benchmarks.usage import peak_rss_mib
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from datamover_dev.stack.environment import ACCOUNT_ID, REGION, without_foreign_settings
from datamover_dev.stack.rest import RestService

PROJECTS = 10
_COLLECTION = MOVERS.format(namespace=NAMESPACE)
_SOURCE = {"s3": {"s3BucketArn": "arn:aws:s3:::source"}}
_DESTINATION = {"s3": {"s3BucketArn": "arn:aws:s3:::destination"}}
_LABELS = "datamover.io"


@dataclass(frozen=True)
class Facades(Figures):
    """All figures; `p99_*` are the worst of all routes."""

    resources: int
    rate: int
    rounds: int
    p99_ms: float
    p99_ratio: float
    routes: list[Route]
    rss_mib: float
    load_average: float

    def rows(self) -> list[tuple[str, ...]]:
        """Return a table: what, the service's figure, the bare server's, the ratio."""
        return [*table(self.routes), ("peak memory", f"{self.rss_mib:.0f} MiB", "-")]


def measure(resources: int, rounds: Rounds, folder: Path, say: Say) -> Facades:
    """Measure each route with so many resources: half of them storages, half syncs.

    Raises:
        FileNotFoundError: the load tool is missing.
    """
    require_hey()
    folder = folder / "rest-facades"
    folder.mkdir(parents=True)
    key = secrets.token_urlsafe(24)
    (folder / "keys").write_text(f"{key}\n")
    headers = {"Authorization": f"Bearer {key}"}
    with ControlPlane(folder / "control-plane", crds=CRDS) as control_plane, ExitStack() as running:
        control_plane.kubectl("create", "namespace", NAMESPACE)
        asyncio.run(_fill(control_plane.kubeconfig, resources // 2))
        service = RestService(log=folder / "rest.log", environment=_environment(control_plane.kubeconfig, folder))
        running.callback(service.terminate)
        service.wait_until_ready()
        sync = f"/api/v1/sync/sync_{0:012}"
        paths = {
            "storages of a project": "/api/storages/s3?project=1",
            "storage": "/api/storages/s3/1",
            "50 syncs": "/api/v1/sync",
            "sync": sync,
            "status of a sync": f"{sync}/status",
            "runs of a sync": f"{sync}/runs",
        }
        say(f"  {len(paths)} routes at {RATE} requests a second, {rounds.count} times {rounds.seconds} s each")
        routes = compare(Server(service.url, service.pid), paths, headers, rounds, folder)
        return Facades(
            resources=resources,
            rate=RATE,
            rounds=rounds.count,
            p99_ms=max(each.service.p99_ms for each in routes),
            p99_ratio=max(each.p99_ratio for each in routes),
            routes=routes,
            rss_mib=peak_rss_mib(service.pid),
            load_average=round(os.getloadavg()[0], 1),
        )


def _environment(kubeconfig: Path, folder: Path) -> dict[str, str]:
    settings = {
        "LEGACY_ENABLED": "false",
        "LABEL_STUDIO_ENABLED": "true",
        "LABEL_STUDIO_KEYS_FILE": str(folder / "keys"),
        "SYNC_ENABLED": "true",
        "SYNC_KEYS_FILE": str(folder / "keys"),
        "SYNC_REQUESTS_PER_MINUTE": "1000000",
    }
    named = {f"DATAMOVER_API_{name}": value for name, value in settings.items()}
    return without_foreign_settings(os.environ) | {"KUBECONFIG": str(kubeconfig)} | named


async def _fill(kubeconfig: Path, each: int) -> None:
    async with ClusterClient(kubeconfig) as cluster:
        there = {"namespace": NAMESPACE}
        spec = {
            "accountId": ACCOUNT_ID,
            "region": REGION,
            "labelStudio": {**there, "default": _DESTINATION},
            "syncApi": there,
        }
        await cluster.create(
            "/apis/datamover.io/v1alpha1/datamoveraccounts", _object("DataMoverAccount", "bench", spec)
        )
        left = iter([*_storages(each), *_syncs(each)])

        async def work() -> None:
            for mover in left:
                made = await cluster.create(_COLLECTION, mover)
                run = run_of(made | {"metadata": made["metadata"] | {"name": "m-0"}}, 1)
                run["metadata"] |= {"name": f"{made['metadata']['name']}-1"}
                run["spec"]["moverRef"]["name"] = made["metadata"]["name"]
                runs = f"{_COLLECTION.removesuffix('s')}runs"
                await cluster.create(runs, {name: part for name, part in run.items() if name != "status"})
                await cluster.patch(f"{runs}/{run['metadata']['name']}/status", {"status": run["status"]})

        await asyncio.gather(*(work() for _ in range(IN_WORK)))


def _storages(count: int) -> Iterable[Json]:
    for number in range(1, count + 1):
        project = 1 + number % PROJECTS
        kept = {"project": project, "bucket": "source", "title": f"Storage {number}", "presign": True}
        labels = {"origin": "label-studio", "label-studio-id": f"{number}", "label-studio-project": f"{project}"}
        yield _mover(f"label-studio-{number}", labels, kept)


def _syncs(count: int) -> Iterable[Json]:
    sides = {side: {"type": "s3", "url": f"s3://{side}"} for side in ("source", "destination")}
    for number in range(count):
        labels = {"origin": "sync-api", "sync-owner": "default"}
        yield _mover(f"sync-{number:012}", labels, sides)


def _mover(name: str, labels: dict[str, str], kept: Json) -> Json:
    spec: Json = {"accountRef": {"name": "bench"}, "source": _SOURCE, "destination": _DESTINATION}
    mover = _object("DataMover", name, spec)
    mover["metadata"] |= {
        "labels": {f"{_LABELS}/{label}": value for label, value in labels.items()},
        "annotations": {f"{_LABELS}/client": json.dumps(kept)},
    }
    return mover


def _object(kind: str, name: str, spec: Json) -> Json:
    return {"apiVersion": "datamover.io/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
