"""The chart's life on a real node: installed, at work, hurt, upgraded, rolled back, removed and installed again."""

from __future__ import annotations

import json
import shutil
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
import yaml
from botocore.config import Config

from datamover_dev.errors import SetupError
from datamover_dev.http import answers
from datamover_dev.node.cluster import CHART, NAMESPACE, RELEASE, Cluster, Emulated, Forwarded
from datamover_dev.ports import ReservedPort
from datamover_dev.processes import Managed
from tests.node.conftest import VALUES
from tests.support.kubectl import Kubectl
from tests.support.specs import JsonDict
from tests.support.waiting import eventually

PATIENCE = 120.0
LARGE = 20_000_000


class Aws:
    """The emulator in its pod, as its tests and clients see it."""

    def __init__(self, emulated: Emulated) -> None:
        self.endpoint = emulated.endpoint

    def client(self, service: str) -> Any:  # noqa: ANN401 - boto3 has a type for every service
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.endpoint,
            region_name="eu-central-1",
            aws_access_key_id="local",
            aws_secret_access_key="local",
            config=Config(s3={"addressing_style": "path"}),
        )

    def bodies(self, bucket: str) -> dict[str, bytes]:
        s3 = self.client("s3")
        found = s3.list_objects_v2(Bucket=bucket).get("Contents", [])
        return {each["Key"]: s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read() for each in found}

    def owned(self) -> tuple[list[str], list[str], list[str]]:
        """Every task, location and role there is."""
        datasync, iam = self.client("datasync"), self.client("iam")
        return (
            sorted(each["TaskArn"] for each in datasync.list_tasks()["Tasks"]),
            sorted(each["LocationArn"] for each in datasync.list_locations()["Locations"]),
            sorted(each["RoleName"] for each in iam.list_roles()["Roles"]),
        )

    def executions(self, task: str) -> int:
        return len(self.client("datasync").list_task_executions(TaskArn=task)["TaskExecutions"])

    def bucket(self, name: str, **objects: bytes) -> None:
        s3 = self.client("s3")
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
        for key, body in objects.items():
            s3.put_object(Bucket=name, Key=key, Body=body)


@pytest.fixture(scope="session")
def aws(installed: Cluster, emulated: Emulated) -> Aws:
    return Aws(emulated)


def mover(name: str, **spec: object) -> JsonDict:
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "metadata": {"name": name},
        "spec": {
            "accountRef": {"name": "sample"},
            "source": {"s3": {"s3BucketArn": "arn:aws:s3:::sample-source"}},
            "destination": {"s3": {"s3BucketArn": f"arn:aws:s3:::sample-{name}"}},
        }
        | spec,
    }


def wait_ready(kubectl: Kubectl, name: str) -> None:
    kubectl("wait", "--for=condition=Ready", f"datamover/{name}", f"--timeout={PATIENCE:.0f}s", timeout=PATIENCE + 30)


def wait_phase(kubectl: Kubectl, name: str, phase: str) -> None:
    which = f"--for=jsonpath={{.status.phase}}={phase}"
    kubectl("wait", which, f"datamoverrun/{name}", f"--timeout={PATIENCE:.0f}s", timeout=PATIENCE + 30)


def kill_operator(kubectl: Kubectl) -> None:
    """End its pod at once, as a lost node would."""
    chosen = "--selector=app.kubernetes.io/component=operator"
    kubectl("delete", "pods", chosen, f"--namespace={NAMESPACE}", "--grace-period=0", "--force", "--wait=false")


def test_helm_test_says_that_it_is_ready(installed: Cluster) -> None:
    assert "Phase:          Succeeded" in installed.helm("test", RELEASE, f"--namespace={NAMESPACE}", "--timeout=2m")


def test_a_mover_moves_files_through_the_pods(on_node: Kubectl, aws: Aws) -> None:
    aws.bucket("sample-source", small=b"small", other=b"other")
    aws.bucket("sample-main")
    on_node.apply(mover("main", trigger={"manual": "1"}))
    wait_ready(on_node, "main")
    eventually(lambda: aws.bodies("sample-main") == aws.bodies("sample-source") != {}, PATIENCE)


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed")
def test_prometheus_scrapes_the_operator(installed: Cluster, on_node: Kubectl, aws: Aws, tmp_path: Path) -> None:
    with ReservedPort() as port:
        address = f"127.0.0.1:{port.number}"
    with Forwarded(installed, f"{RELEASE}-metrics", 8080) as metrics:
        targets = [{"targets": [urlsplit(metrics.url).netloc]}]
        scrape = {"job_name": "datamover", "scrape_interval": "1s", "static_configs": targets}
        rules = str(CHART / "files" / "monitoring" / "alerts.yaml")
        (tmp_path / "config.yaml").write_text(yaml.safe_dump({"scrape_configs": [scrape], "rule_files": [rules]}))
        flags = (f"--config.file={tmp_path}/config.yaml", f"--storage.tsdb.path={tmp_path}/data")
        command = [str(shutil.which("prometheus")), *flags, f"--web.listen-address={address}"]
        prometheus = Managed("prometheus", command, log=tmp_path / "log")

        def ready_movers() -> bool:
            query = "datamover_movers%7Bstate%3D%22Ready%22%7D%20%3E%200"
            with urllib.request.urlopen(f"http://{address}/api/v1/query?query={query}", timeout=5) as answer:
                return bool(json.load(answer)["data"]["result"])

        try:
            prometheus.until(lambda: answers(f"http://{address}/-/ready"), "ready", 60)
            eventually(ready_movers, 60)
        finally:
            prometheus.terminate()


def test_an_operator_killed_in_a_create_makes_nothing_twice(on_node: Kubectl, aws: Aws) -> None:
    aws.bucket("sample-killed")
    before = [len(each) for each in aws.owned()]
    on_node.apply(mover("killed"))
    eventually(lambda: [len(each) for each in aws.owned()] != before, PATIENCE, interval=0.01)
    kill_operator(on_node)
    wait_ready(on_node, "killed")
    made = [len(each) - had for each, had in zip(aws.owned(), before, strict=True)]
    assert made == [1, 2, 2]


def test_a_run_lives_through_the_end_of_its_operator(on_node: Kubectl, aws: Aws) -> None:
    aws.client("s3").put_object(Bucket="sample-source", Key="large", Body=b"x" * LARGE)
    run = {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMoverRun",
        "metadata": {"name": "long"},
        "spec": {"moverRef": {"name": "main"}, "bytesPerSecond": LARGE // 10},
    }
    on_node.apply(run)
    wait_phase(on_node, "long", "Transferring")
    kill_operator(on_node)
    wait_phase(on_node, "long", "Succeeded")
    task = on_node.get("datamover", "main")["status"]["taskArn"]
    assert aws.executions(task) == 2  # the trigger's, and this one


def test_an_upgrade_and_a_rollback_leave_movers_and_runs_alone(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    before, task = aws.owned(), on_node.get("datamover", "main")["status"]["taskArn"]
    executions = aws.executions(task)
    aws.client("s3").put_object(Bucket="sample-source", Key="another", Body=b"y" * LARGE)
    on_node.apply(
        {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": "DataMoverRun",
            "metadata": {"name": "upgraded"},
            "spec": {"moverRef": {"name": "main"}, "bytesPerSecond": LARGE // 10},
        }
    )
    wait_phase(on_node, "upgraded", "Transferring")
    installed.install({**VALUES, "operator": {**VALUES["operator"], "podAnnotations": {"revision": "second"}}})
    wait_phase(on_node, "upgraded", "Succeeded")
    installed.helm("rollback", RELEASE, "1", f"--namespace={NAMESPACE}", "--wait", "--timeout=3m")
    wait_ready(on_node, "main")
    assert aws.owned() == before
    assert aws.executions(task) == executions + 1


def test_what_was_uninstalled_and_installed_again_takes_its_movers_up(
    installed: Cluster, on_node: Kubectl, aws: Aws
) -> None:
    before = aws.owned()
    told = installed.helm("uninstall", RELEASE, f"--namespace={NAMESPACE}", "--wait")
    assert "datamovers.datamover.io" in told  # kept
    assert "datamover/main" in on_node("get", "datamovers", "--output=name")
    assert aws.owned() == before
    with pytest.raises(SetupError, match="invalid ownership metadata"):
        installed.helm("install", "another", CHART, f"--namespace={NAMESPACE}", "--dry-run=server", values=VALUES)
    installed.install(VALUES)
    wait_ready(on_node, "main")
    assert aws.owned() == before
