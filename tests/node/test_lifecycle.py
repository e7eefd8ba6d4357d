"""The chart's life around movers that live on: upgraded, rolled back, removed, installed again, restored, released."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from datamover_dev.errors import SetupError
from datamover_dev.node.cluster import NAMESPACE, RELEASE, Cluster
from datamover_dev.paths import CHART
from tests.node.aws import Aws
from tests.node.conftest import VALUES
from tests.node.objects import PATIENCE, SOURCE, mover, run, task_of, wait_phase, wait_ready
from tests.support.kubectl import Kubectl
from tests.support.waiting import eventually

HERE = f"--namespace={NAMESPACE}"
WAIT = ("--wait", "--timeout=3m")
ANOTHER = "another"
PLAIN_REST = {"enabled": True, "keys": {"existingSecret": "rest-keys"}}
IN_ONE_NAMESPACE = {**VALUES, "api": PLAIN_REST, "watchNamespaces": ["default"]}


@pytest.fixture(scope="module", autouse=True)
def living(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    """A mover that all this goes on around."""
    del installed
    aws.bucket("sample-living")
    on_node.apply(mover("living", trigger={"manual": "1"}))
    wait_ready(on_node, "living")
    eventually(lambda: last_phase(on_node) == "Succeeded", PATIENCE)


def last_phase(kubectl: Kubectl) -> str | None:
    phase: str | None = kubectl.get("datamover", "living")["status"].get("lastRun", {}).get("phase")
    return phase


@pytest.fixture(scope="module")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The chart as an older version: another version in every label, and a CRD that lacks a column.

    There is one release so far, so this stands for the one before.
    """
    chart = tmp_path_factory.mktemp("previous") / "chart"
    shutil.copytree(CHART, chart)
    about = yaml.safe_load((chart / "Chart.yaml").read_text())
    (chart / "Chart.yaml").write_text(yaml.safe_dump(about | {"version": "0.0.9"}))
    path = chart / "files" / "crds" / "datamover.io_datamovers.yaml"
    crd = yaml.safe_load(path.read_text())
    crd["spec"]["versions"][0]["additionalPrinterColumns"].pop()
    path.write_text(yaml.safe_dump(crd, sort_keys=False))
    return chart


def columns(kubectl: Kubectl) -> int:
    crd = kubectl.get("crd", "datamovers.datamover.io")
    return len(crd["spec"]["versions"][0]["additionalPrinterColumns"])


def assert_looked_after(kubectl: Kubectl, aws: Aws, mark: str) -> None:
    """Whatever runs now does what the mover says: a changed tag arrives in AWS."""
    kubectl.apply(mover("living", trigger={"manual": "1"}, tags=[{"key": "mark", "value": mark}]))
    task = task_of(kubectl, "living")
    eventually(lambda: aws.tags(task).get("mark") == mark, PATIENCE, what=f"{mark}: the tag arrives")
    wait_ready(kubectl, "living")


def version(cluster: Cluster, release: str = RELEASE) -> str:
    (listed,) = json.loads(cluster.helm("list", HERE, f"--filter=^{release}$", "--output=json"))
    chart: str = listed["chart"]
    return chart


def test_an_upgrade_and_a_rollback_leave_movers_and_runs_alone(
    installed: Cluster, on_node: Kubectl, aws: Aws, previous: Path
) -> None:
    installed.helm("upgrade", RELEASE, previous, HERE, *WAIT, values=VALUES)
    assert version(installed) == "datamover-operator-0.0.9"
    before_columns = columns(on_node)
    assert_looked_after(on_node, aws, "previous")
    made, task = aws.made(), task_of(on_node, "living")
    executions = aws.executions(task)

    aws.client("s3").put_object(Bucket=SOURCE, Key="another", Body=b"another")
    with aws.fault(state="TRANSFERRING", hold="before"):
        on_node.apply(run("upgraded", of="living"))
        wait_phase(on_node, "upgraded", "Transferring")
        pod = operator_pod(on_node)
        installed.helm("upgrade", RELEASE, CHART, HERE, *WAIT, values=VALUES)
        assert operator_pod(on_node) != pod  # the labels say another version
        assert columns(on_node) == before_columns + 1
        assert on_node.get("datamoverrun", "upgraded")["status"]["phase"] == "Transferring"
    wait_phase(on_node, "upgraded", "Succeeded")
    assert_looked_after(on_node, aws, "upgraded")
    assert aws.bodies("sample-living") == aws.bodies(SOURCE)

    installed.helm("rollback", RELEASE, HERE, *WAIT)
    assert (version(installed), columns(on_node)) == ("datamover-operator-0.0.9", before_columns)
    assert_looked_after(on_node, aws, "rolled back")
    installed.helm("upgrade", RELEASE, CHART, HERE, *WAIT, values=VALUES)
    assert_looked_after(on_node, aws, "upgraded again")
    assert aws.made() == made
    assert aws.executions(task) == executions + 1


def operator_pod(kubectl: Kubectl) -> str:
    chosen = "--selector=app.kubernetes.io/component=operator"
    return kubectl("get", "pods", HERE, chosen, "--output=jsonpath={.items[*].metadata.uid}")


def test_what_was_uninstalled_and_installed_again_takes_its_movers_up(
    installed: Cluster, on_node: Kubectl, aws: Aws
) -> None:
    made, executions = aws.made(), aws.executions(task_of(on_node, "living"))
    told = installed.helm("uninstall", RELEASE, HERE, "--wait")
    assert "datamovers.datamover.io" in told  # kept
    assert "datamover.datamover.io/living" in on_node("get", "datamovers", "--output=name")
    assert aws.made() == made
    installed.helm("install", RELEASE, CHART, HERE, *WAIT, values=VALUES)
    assert_looked_after(on_node, aws, "installed again")
    assert aws.made() == made
    assert aws.executions(task_of(on_node, "living")) == executions


def test_another_release_takes_over_where_it_is_told_to(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    """And for one namespace alone."""
    made = aws.made()
    installed.helm("uninstall", RELEASE, HERE, "--wait")
    with pytest.raises(SetupError, match="invalid ownership metadata"):
        installed.helm("install", ANOTHER, CHART, HERE, values=IN_ONE_NAMESPACE)
    installed.helm("install", ANOTHER, CHART, HERE, "--take-ownership", *WAIT, values=IN_ONE_NAMESPACE)
    assert_looked_after(on_node, aws, "another release")
    assert aws.made() == made


def test_what_is_not_kept_lets_movers_go_and_a_backup_brings_them_back(
    installed: Cluster, on_node: Kubectl, aws: Aws
) -> None:
    """crds.keep=false frees the movers; restored as Velero does it (no status, new uids), nothing is made again."""
    made, task = aws.made(), task_of(on_node, "living")
    executions = aws.executions(task)
    installed.helm("upgrade", ANOTHER, CHART, HERE, *WAIT, values={**IN_ONE_NAMESPACE, "crds": {"keep": False}})
    backup = [json.loads(on_node("get", kind, "--output=json")) for kind in ("datamoveraccounts", "datamovers")]
    installed.helm("uninstall", ANOTHER, HERE, "--wait")
    eventually(lambda: "datamover.io" not in on_node("get", "crds", "--output=name"), PATIENCE)
    assert "datamover" not in on_node("get", "clusterroles,clusterrolebindings", "--output=name")
    assert replace(on_node, namespace=NAMESPACE)("get", "serviceaccounts,jobs", "--output=name").split() == [
        "serviceaccount/default"
    ]
    assert aws.made() == made

    installed.helm("install", RELEASE, CHART, HERE, *WAIT, values=VALUES)
    documents = [restored(item) for listed in backup for item in listed["items"]]
    on_node("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    eventually(lambda: on_node.get("datamover", "living").get("status", {}).get("taskArn") == task, PATIENCE)
    assert_looked_after(on_node, aws, "restored")
    for each in json.loads(on_node("get", "datamovers", "--output=json"))["items"]:
        wait_ready(on_node, each["metadata"]["name"])
    # Roles have the mover's uid in their names: there are others now, but not more.
    eventually(lambda: (*aws.made()[:2], len(aws.made()[2])) == (*made[:2], len(made[2])), PATIENCE)
    assert aws.executions(task) == executions  # the old trigger starts nothing anew


def restored(item: dict[str, object]) -> dict[str, object]:
    """What a backup tool applies: without status, and of the metadata only what users write."""
    metadata = item["metadata"]
    assert isinstance(metadata, dict)
    kept = {key: metadata[key] for key in ("name", "namespace", "labels", "annotations") if key in metadata}
    return {key: item[key] for key in ("apiVersion", "kind", "spec")} | {"metadata": kept}
