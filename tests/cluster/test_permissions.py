"""The operator as the service account of config/rbac.yaml, not as the administrator."""

from __future__ import annotations

import base64
import json
from pathlib import Path

from datamover_dev.controlplane import kubeconfig
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CHECKOUT
from tests.support.movers import NOTHING, World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

SYSTEM = "datamover-system"


def config_of_service_account(control_plane: ControlPlane, folder: Path) -> Path:
    control_plane.kubectl("apply", "--server-side", "-f", str(CHECKOUT / "config" / "rbac.yaml"))
    token = control_plane.kubectl("create", "token", "datamover-operator", f"--namespace={SYSTEM}").strip()
    cluster = json.loads(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    authority = folder / "ca.crt"
    authority.write_bytes(base64.b64decode(cluster["certificate-authority-data"]))
    kubeconfig.write(folder / "kubeconfig", server=cluster["server"], authority=authority, token=token)
    return folder / "kubeconfig"


def test_the_documented_permissions_suffice(
    control_plane: ControlPlane, world: World, operator: Operators, tmp_path: Path
) -> None:
    started = operator(
        kubeconfig=config_of_service_account(control_plane, tmp_path),
        namespaces="",
        operator_namespace=SYSTEM,
        lease=True,
    )
    secret = {"aws_access_key_id": "123456789012", "aws_secret_access_key": "none"}
    world.api.create(
        f"/api/v1/namespaces/{SYSTEM}/secrets", {"metadata": {"name": world.account}, "stringData": secret}
    )
    world.bucket("src", {"a": b"alpha"})
    world.bucket("dst")
    world.grant_all(credentialsSecretRef={"name": world.account})
    world.s3_mover(runHistory={"limit": 0}, trigger={"manual": "first"})
    world.wait_ready()

    def moved() -> bool:
        return world.objects("dst") == {"a": b"alpha"}

    eventually(moved)
    eventually(lambda: world.list("DataMoverRun") == [], what="the ended run is pruned")
    events = world.api.get(f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events")["items"]
    assert events != []
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    assert world.leftovers() == NOTHING
    assert started.terminate() == 0
    assert "orbidden" not in started.log.read_text()
