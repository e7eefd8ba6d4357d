"""The chart on a real node, at work: moving, by REST, under NetworkPolicies, scraped, and killed at bad moments."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import pytest
import yaml

from datamover_dev.http import answers
from datamover_dev.node.cluster import NAMESPACE, RELEASE, Cluster, Forwarded
from datamover_dev.paths import CHART
from datamover_dev.ports import ReservedPort
from datamover_dev.processes import Managed
from tests.node.aws import Aws
from tests.node.conftest import AWS, HOST
from tests.node.objects import PATIENCE, SOURCE, crash_leader, leader, mover, run, task_of, wait_phase, wait_ready
from tests.support.kubectl import Kubectl
from tests.support.notes import commands_in
from tests.support.rest import MOVERS, Client, s3_body
from tests.support.specs import JsonDict
from tests.support.waiting import eventually

REST_MOVER = "by-rest"
REST = f"{RELEASE}-api"


def test_helm_test_says_that_it_is_ready_and_shows_its_log(installed: Cluster) -> None:
    told = installed.helm("test", RELEASE, f"--namespace={NAMESPACE}", "--timeout=2m", "--logs")
    assert "Phase:          Succeeded" in told
    assert f"http://{RELEASE}-metrics.{NAMESPACE}.svc:8080/readyz 200" in told
    assert f"https://{HOST}:80/readyz 200" in told


def test_what_the_notes_say_to_type_works(installed: Cluster, on_node: Kubectl) -> None:
    notes = installed.helm("get", "notes", RELEASE, f"--namespace={NAMESPACE}")
    path = os.pathsep.join(
        [*{str(program.parent): None for program in installed.programs.values()}, os.environ["PATH"]]
    )
    script = "\n".join(commands_in(notes))
    done = subprocess.run(
        ["bash", "-euxc", script],
        env={**os.environ, **installed.variables, "PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    on_node("delete", "datamoveraccount", "production", "--wait=false")
    assert done.returncode == 0, done.stdout + done.stderr
    for told in ("datamoveraccount.datamover.io/production condition met", "pong", "TEST SUITE", "FIELDS:"):
        assert told in done.stdout, done.stdout + done.stderr


def test_a_mover_moves_files_through_the_pods(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    aws.bucket("sample-main")
    on_node.apply(mover("main", trigger={"manual": "1"}))
    wait_ready(on_node, "main")
    eventually(lambda: aws.bodies("sample-main") == aws.bodies(SOURCE) != {}, PATIENCE)


LOOK = """
import errno, json, os, subprocess, sys

def is_read_only(path):
    try:
        open(path, "w").close()
    except OSError as error:
        return error.errno == errno.EROFS
    return False

names = ("pip", "setuptools", "wheel", "ensurepip")
modules = f"import importlib.util; print([each for each in {names} if importlib.util.find_spec(each)])"
pythons = (sys.executable, sys._base_executable)
programs = [f"{folder}/{name}" for folder in os.get_exec_path() for name in ("pip", "pip3", "gcc", "cc", "make")]
print(json.dumps({
    "uid": os.getuid(),
    "modules": [subprocess.check_output([python, "-c", modules], text=True).strip() for python in pythons],
    "programs": [each for each in programs if os.path.exists(each)],
    "read-only": [is_read_only(path) for path in ("/here", "/opt/datamover/here")],
}))
"""


@pytest.mark.parametrize("deployment", [RELEASE, REST, f"{AWS}-emulator"])
def test_a_pod_is_nobody_changes_nothing_and_builds_nothing(
    installed: Cluster, on_node: Kubectl, deployment: str
) -> None:
    told = on_node("exec", f"--namespace={NAMESPACE}", f"deployment/{deployment}", "--", "python", "-c", LOOK)
    assert json.loads(told) == {"uid": 65532, "modules": ["[]", "[]"], "programs": [], "read-only": [True, True]}


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
    installed: Cluster, on_node: Kubectl, aws: Aws, authority: Path
) -> None:
    """By HTTPS, in one pod."""
    aws.bucket("sample-rest")
    before = aws.made()
    with Forwarded(installed, f"service/{REST}", 80, "https") as service:
        rest = Client(service.url, authority=authority)
        rest.created(s3_body(REST_MOVER, source=SOURCE, destination="sample-rest"))
        assert f"datamover.datamover.io/abc-123.{REST_MOVER}" in on_node("get", "datamovers", "--output=name").split()
        started = rest.set_state(REST_MOVER, "start")
        assert started.status == 200, started
        shown = f"{MOVERS}/abc-123/{REST_MOVER}"
        eventually(lambda: rest.get(f"{shown}/runs/{started.json}").json["Status"] == "SUCCESS", PATIENCE)
        assert aws.bodies("sample-rest") == aws.bodies(SOURCE)
        assert rest.send("DELETE", shown).status == 204
        assert rest.get(shown).status == 404
        assert Client(service.url, token_="wrong", authority=authority).get(MOVERS).status == 403
    assert aws.made() == before


def test_rest_is_scaled_kept_from_disruption_and_led_to(installed: Cluster, on_node: Kubectl, authority: Path) -> None:
    """The autoscaler, which has no metrics here, sees to the fewest; a client stays with one pod."""
    there = replace(on_node, namespace=NAMESPACE)
    eventually(lambda: there.get("deployment", REST)["status"].get("readyReplicas") == 2, PATIENCE)
    eventually(lambda: there.get("poddisruptionbudget", REST)["status"]["disruptionsAllowed"] == 1, PATIENCE)
    (rule,) = there.get("ingress", REST)["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"]["service"] == {"name": REST, "port": {"name": "http"}}

    ask = f"""
import re, ssl, urllib.request
trust = ssl.create_default_context(cadata={authority.read_text()!r})
for _ in range(20):
    told = urllib.request.urlopen("https://{HOST}:80/v1/datasync/metrics", context=trust).read().decode()
    print(*re.findall("^process_start_time_seconds .*", told, re.MULTILINE))
"""
    told = there("exec", f"deployment/{AWS}-emulator", "--", "python", "-c", ask).splitlines()
    assert (len(told), len(set(told))) == (20, 1)


@pytest.mark.skipif(
    shutil.which("prometheus") is None and "CI" not in os.environ,
    reason="Prometheus is not installed; on Debian: apt-get install --no-install-recommends prometheus",
)
def test_prometheus_scrapes_the_pods(installed: Cluster, on_node: Kubectl, authority: Path, tmp_path: Path) -> None:
    with (
        Forwarded(installed, f"pod/{leader(on_node)}", 8080) as operator,
        Forwarded(installed, f"service/{REST}", 80, "https") as rest,
        prometheus([scrape(operator, authority), scrape(rest, authority)], tmp_path) as found,
    ):
        eventually(lambda: found('datamover_mover_state{state="Ready"} > 0'), 60)
        eventually(lambda: found("datamover_api_mirrored_objects > 0"), 60)


def scrape(service: Forwarded, authority: Path) -> JsonDict:
    address = urlsplit(service.url)
    return {
        "job_name": address.netloc,
        "scheme": address.scheme,
        "tls_config": {"ca_file": str(authority)},
        "scrape_interval": "1s",
        "static_configs": [{"targets": [address.netloc]}],
    }


@contextmanager
def prometheus(jobs: list[JsonDict], folder: Path) -> Iterator[Callable[[str], bool]]:
    """A Prometheus with these jobs and the chart's alerts; yields whether an expression finds something."""
    with ReservedPort() as port:
        address = f"127.0.0.1:{port.number}"
    rules = str(CHART / "files" / "monitoring" / "alerts.yaml")
    (folder / "config.yaml").write_text(yaml.safe_dump({"scrape_configs": jobs, "rule_files": [rules]}))
    flags = (f"--config.file={folder}/config.yaml", f"--storage.tsdb.path={folder}/data")
    command = [str(shutil.which("prometheus")), *flags, f"--web.listen-address={address}"]
    process = Managed("prometheus", command, log=folder / "log")

    def found(expression: str) -> bool:
        url = f"http://{address}/api/v1/query?{urlencode({'query': expression})}"
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(json.load(answer)["data"]["result"])

    try:
        process.until(lambda: answers(f"http://{address}/-/ready"), "ready", 60)
        yield found
    finally:
        process.terminate()


@pytest.mark.parametrize("moment", ["before", "after"])
def test_a_pod_killed_in_a_create_makes_nothing_twice(
    installed: Cluster, on_node: Kubectl, aws: Aws, moment: str
) -> None:
    """One call of each mover is held, before or after its effect, when every process of the pod is killed."""
    names = {call: f"{moment}-{call.lower()}" for call in ("CreateRole", "CreateLocationS3", "CreateTask")}
    before = [len(each) for each in aws.made()]
    with ExitStack() as faults:
        for call, name in names.items():
            aws.bucket(f"sample-{name}")
            held = faults.enter_context(aws.fault(call, hold=moment))
            on_node.apply(mover(name))
            held.wait_held()
        crash_leader(on_node)
    for name in names.values():
        wait_ready(on_node, name)
    made = [len(each) - had for each, had in zip(aws.made(), before, strict=True)]
    assert made == [3, 6, 6]


def test_a_run_lives_through_the_end_of_its_operator(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    aws.client("s3").put_object(Bucket=SOURCE, Key="more", Body=b"more")
    task = task_of(on_node, "main")
    executions = aws.executions(task)
    with aws.fault(state="TRANSFERRING", hold="before"):
        on_node.apply(run("long", of="main"))
        wait_phase(on_node, "long", "Transferring")
        crash_leader(on_node)
    wait_phase(on_node, "long", "Succeeded")
    assert aws.executions(task) == executions + 1
    assert aws.bodies("sample-main") == aws.bodies(SOURCE)


def test_a_drain_hands_over_to_the_pod_that_stands_by(installed: Cluster, on_node: Kubectl, aws: Aws) -> None:
    """An eviction is what a drain does to each pod. Both pods are Ready before and after, and a run goes on."""
    there = replace(on_node, namespace=NAMESPACE)
    chosen = ("deployment", RELEASE)
    eventually(lambda: there.get(*chosen)["status"].get("readyReplicas") == 2, PATIENCE)
    eventually(lambda: there.get("poddisruptionbudget", RELEASE)["status"]["disruptionsAllowed"] == 1, PATIENCE)
    before, task = leader(on_node), task_of(on_node, "main")
    executions = aws.executions(task)
    with aws.fault(state="TRANSFERRING", hold="before"):
        on_node.apply(run("drained", of="main"))
        wait_phase(on_node, "drained", "Transferring")
        eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": before, "namespace": NAMESPACE}}
        path = f"/api/v1/namespaces/{NAMESPACE}/pods/{before}/eviction"
        on_node("create", "--raw", path, "-f", "-", stdin=json.dumps(eviction))
        eventually(lambda: leader(on_node) not in {"", before}, PATIENCE, what="another pod leads")
    wait_phase(on_node, "drained", "Succeeded")
    on_node.apply(run("after-the-drain", of="main"))
    wait_phase(on_node, "after-the-drain", "Succeeded")
    assert aws.executions(task) == executions + 2
    eventually(lambda: there.get(*chosen)["status"].get("readyReplicas") == 2, PATIENCE)
