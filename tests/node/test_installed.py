"""The chart on a real node, at work: moving, by REST, under NetworkPolicies, scraped, and killed at bad moments."""

from __future__ import annotations

import json
import shutil
import urllib.request
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from datamover_dev.http import answers
from datamover_dev.node.cluster import CHART, NAMESPACE, RELEASE, Cluster, Forwarded
from datamover_dev.ports import ReservedPort
from datamover_dev.processes import Managed
from tests.node.aws import Aws
from tests.node.objects import PATIENCE, SOURCE, crash, mover, run, task_of, wait_phase, wait_ready
from tests.support.kubectl import Kubectl
from tests.support.rest import MOVERS, Client, s3_body
from tests.support.waiting import eventually

REST_MOVER = "by-rest"


def test_helm_test_says_that_it_is_ready(installed: Cluster) -> None:
    assert "Phase:          Succeeded" in installed.helm("test", RELEASE, f"--namespace={NAMESPACE}", "--timeout=2m")


def test_a_mover_moves_files_through_the_pods(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    aws.bucket(SOURCE, small=b"small", other=b"other")
    aws.bucket("sample-main")
    on_node.apply(mover("main", trigger={"manual": "1"}))
    wait_ready(on_node, "main")
    eventually(lambda: aws.bodies("sample-main") == aws.bodies(SOURCE) != {}, PATIENCE)


def test_network_policies_stand_where_it_works(installed: Cluster, on_node: Kubectl) -> None:
    """They are accepted and select the pods; enforcing them is the network plugin's affair, and `bridge` does not."""
    there = replace(on_node, namespace=NAMESPACE)
    policies = json.loads(there("get", "networkpolicies", "--output=json"))["items"]
    for policy in policies:
        labels = policy["spec"]["podSelector"]["matchLabels"]
        selector = ",".join(f"{name}={value}" for name, value in labels.items())
        assert there("get", "pods", f"--selector={selector}", "--output=name") != ""
    assert {each["metadata"]["name"] for each in policies} == {RELEASE, f"{RELEASE}-api"}


def test_rest_clients_make_run_and_delete_a_mover_through_the_pods(
    installed: Cluster, on_node: Kubectl, aws: Aws
) -> None:
    aws.bucket("sample-rest")
    before = aws.made()
    with Forwarded(installed, f"{RELEASE}-api", 80) as service:
        rest = Client(service.url)
        rest.created(s3_body(REST_MOVER, source=SOURCE, destination="sample-rest"))
        assert f"datamover.datamover.io/abc-123.{REST_MOVER}" in on_node("get", "datamovers", "--output=name").split()
        started = rest.set_state(REST_MOVER, "start")
        assert started.status == 200, started
        shown = f"{MOVERS}/abc-123/{REST_MOVER}"
        eventually(lambda: rest.get(f"{shown}/runs/{started.json}").json["Status"] == "SUCCESS", PATIENCE)
        assert aws.bodies("sample-rest") == aws.bodies(SOURCE)
        assert rest.send("DELETE", shown).status == 204
        assert rest.get(shown).status == 404
        assert Client(service.url, token_="wrong").get(MOVERS).status == 403
    assert aws.made() == before


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="Prometheus is not installed")
def test_prometheus_scrapes_the_operator(installed: Cluster, on_node: Kubectl, tmp_path: Path) -> None:
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


@pytest.mark.parametrize("moment", ["before", "after"])
@pytest.mark.parametrize("call", ["CreateLocationS3", "CreateTask"])
def test_a_pod_killed_in_a_create_makes_nothing_twice(
    installed: Cluster, on_node: Kubectl, aws: Aws, call: str, moment: str
) -> None:
    name = f"killed-{moment}-{call.lower()}"
    aws.bucket(f"sample-{name}")
    before = [len(each) for each in aws.made()]
    with aws.fault(call, hold=moment) as held:
        on_node.apply(mover(name))
        held.wait_held()
        crash(on_node, "operator")
        held.release()
    wait_ready(on_node, name)
    made = [len(each) - had for each, had in zip(aws.made(), before, strict=True)]
    assert made == [1, 2, 2]


def test_a_run_lives_through_the_end_of_its_operator(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    aws.client("s3").put_object(Bucket=SOURCE, Key="more", Body=b"more")
    task = task_of(on_node, "main")
    executions = aws.executions(task)
    with aws.fault(state="VERIFYING", hold="before"):
        on_node.apply(run("long", of="main"))
        wait_phase(on_node, "long", "Transferring")
        crash(on_node, "operator")
    wait_phase(on_node, "long", "Succeeded")
    assert aws.executions(task) == executions + 1
    assert aws.bodies("sample-main") == aws.bodies(SOURCE)
