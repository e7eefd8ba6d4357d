"""The control plane that all other tests stand on."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.errors import SetupError
from datamover_dev.processes import Managed
from tests.support.api import Api, ApiError
from tests.support.kubectl import Kubectl, KubectlError
from tests.support.waiting import eventually


def test_collects_what_its_owner_leaves_behind(api: Api, namespace: str) -> None:
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    owner = api.create(path, {"metadata": {"name": "owner"}})["metadata"]
    reference = {"apiVersion": "v1", "kind": "ConfigMap", "name": owner["name"], "uid": owner["uid"]}
    api.create(path, {"metadata": {"name": "owned", "ownerReferences": [reference]}})

    api.delete(f"{path}/owner")

    def owned_is_gone() -> bool:
        return [
            item["metadata"]["name"] for item in api.get(path)["items"] if item["metadata"]["name"] == "owned"
        ] == []

    eventually(owned_is_gone)


def test_kubectl_works_in_the_namespace(kubectl: Kubectl, namespace: str) -> None:
    kubectl.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "v"}})
    assert kubectl.get("configmap", "a")["data"] == {"k": "v"}
    assert kubectl.get("configmap", "a")["metadata"]["namespace"] == namespace


def test_kubectl_tells_why_it_failed(kubectl: Kubectl) -> None:
    with pytest.raises(KubectlError, match='configmaps "absent" not found'):
        kubectl.get("configmap", "absent")


def test_a_deleted_namespace_ends(api: Api) -> None:
    api.create("/api/v1/namespaces", {"metadata": {"name": "short-lived"}})
    api.delete("/api/v1/namespaces/short-lived")

    def gone() -> bool:
        try:
            api.get("/api/v1/namespaces/short-lived")
        except ApiError as error:
            return error.status == 404
        return False

    eventually(gone)


def test_a_program_that_ends_early_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    program = Managed("loser", [sys.executable, "-c", "raise SystemExit('no luck')"], log=tmp_path / "log")
    with pytest.raises(SetupError, match=r"loser ended with 1 before ready.*\nno luck"):
        program.until(lambda: False, "ready", timeout=30)


def test_a_wrong_assets_folder_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path))
    with pytest.raises(SetupError, match=f"KUBEBUILDER_ASSETS={tmp_path}: etcd is not there"):
        ControlPlane(tmp_path / "unused").__enter__()
