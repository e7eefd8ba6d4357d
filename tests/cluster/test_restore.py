"""The cluster's store is put back to an older state, as after a disaster: nothing in AWS is doubled."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from tests.support.api import Api
from tests.support.emulator import Emulator
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rights import identity, in_one_namespace
from tests.support.waiting import eventually

NAMESPACE = "restored"
COUNTS = {"tasks": 2, "locations": 4, "roles": 4}


@dataclass(frozen=True)
class Site:
    """A cluster that is started and stopped; its store is a folder that can be copied meanwhile."""

    folder: Path
    emulator: Emulator

    @contextmanager
    def up(self, *, operator: bool = True, cluster_id: str = "") -> Iterator[World]:
        with ControlPlane(self.folder, crds=CRDS) as plane:
            api = Api(plane.kubeconfig)
            if f"namespace/{NAMESPACE}" not in plane.kubectl("get", "namespaces", "--output=name").split():
                plane.kubectl("create", "namespace", NAMESPACE)
            # Those of the time before: `identity` makes them anew.
            there = f"--namespace={NAMESPACE}"
            plane.kubectl("delete", "serviceaccounts,roles,rolebindings", there, "--all")
            with identity(api, plane.kubeconfig, self.folder, in_one_namespace(NAMESPACE)) as whose:
                operators = Operators(whose, NAMESPACE, self.emulator.environment(), self.folder)
                try:
                    if operator:
                        operators(
                            drift_interval_seconds=10,
                            settling_seconds=2,
                            aws_call_timeout_seconds=1,
                            cluster_id=cluster_id,
                        )
                    yield World(api, self.emulator, NAMESPACE)
                finally:
                    operators.stop()
            api.close()

    def back_up(self, copy: Path) -> None:
        shutil.copytree(self.folder / "etcd", copy)

    def restore(self, copy: Path) -> None:
        shutil.rmtree(self.folder / "etcd")
        shutil.copytree(copy, self.folder / "etcd")


def test_an_older_store_doubles_nothing(emulator: Emulator, tmp_path: Path) -> None:
    site, copy = Site(tmp_path / "site", emulator), tmp_path / "copy"
    with site.up() as world:
        world.bucket("src", {"a": b"alpha"})
        world.bucket("dst")
        world.grant_all()
        world.s3_mover("steady", trigger={"manual": "first"}, tags=mark("old"))
        world.wait_ready("steady")
        eventually(lambda: world.objects("dst") == {"a": b"alpha"}, what="the first run moves the object")
        eventually(lambda: "lastRun" in (world.get("DataMover", "steady") or {})["status"])
    with site.up(operator=False) as world:
        world.bucket("dst2")
        world.s3_mover("fresh", destination="dst2")  # the backup knows it, and nothing that was made for it
    site.back_up(copy)

    with site.up() as world:
        task = world.wait_ready("steady")["status"]["taskArn"]
        world.wait_ready("fresh")
        world.patch("DataMover", "steady", {"spec": {"trigger": {"manual": "second"}, "tags": mark("new")}})
        eventually(lambda: executions(world, task) == 2 and marked(world, task) == "new")
        made = world.leftovers()
    assert counts(made) == COUNTS

    site.restore(copy)
    with site.up() as world:
        assert world.wait_ready("steady")["status"]["taskArn"] == task
        world.wait_ready("fresh")
        eventually(lambda: counts(world.leftovers()) == COUNTS, 60, what="what was made twice is removed")
        eventually(lambda: set(tasks(world)) == set(world.leftovers()["tasks"]), what="each task has its mover")
        eventually(lambda: marked(world, task) == "old", what="steady is as the backup declares it")
        assert executions(world, task) == 2


def test_another_cluster_takes_up_what_a_lost_one_had_made(emulator: Emulator, tmp_path: Path) -> None:
    """Restored as Velero does it: new uids, no status, annotations kept; the operator is given the old cluster's id."""
    with Site(tmp_path / "lost", emulator).up() as world:
        cluster_id = world.api.get("/api/v1/namespaces/kube-system")["metadata"]["uid"]
        world.bucket("src", {"a": b"alpha"})
        world.bucket("dst")
        world.grant_all()
        world.s3_mover("steady", trigger={"manual": "first"})
        world.wait_ready("steady")
        eventually(lambda: "lastRun" in (world.get("DataMover", "steady") or {})["status"])
        backup = world.get("DataMover", "steady")
        made = world.leftovers()
    assert backup is not None
    annotations = {key: text for key, text in backup["metadata"]["annotations"].items() if "datamover.io/" in key}
    task = backup["status"]["taskArn"]

    with Site(tmp_path / "new", emulator).up(cluster_id=cluster_id) as world:
        world.grant_all()
        world.create("DataMover", "steady", backup["spec"], annotations=annotations)
        assert world.wait_ready("steady")["status"]["taskArn"] == task
        # Roles have the mover's uid in their names: there are others in the end, but not more.
        eventually(lambda: counts(world.leftovers()) == counts(made), 60, what="nothing is doubled")
        assert executions(world, task) == 1  # the old trigger starts nothing anew


def executions(world: World, task: str) -> int:
    return len(world.aws("datasync").list_task_executions(TaskArn=task)["TaskExecutions"])


def counts(made: dict[str, list[str]]) -> dict[str, int]:
    return {kind: len(names) for kind, names in made.items()}


def tasks(world: World) -> list[str]:
    return [each["status"].get("taskArn", "") for each in world.list("DataMover")]


def mark(value: str) -> list[dict[str, str]]:
    return [{"key": "mark", "value": value}]


def marked(world: World, task: str) -> str:
    listed = world.aws("datasync").list_tags_for_resource(ResourceArn=task)["Tags"]
    found: dict[str, str] = {each["Key"]: each["Value"] for each in listed}
    return found.get("mark", "")
