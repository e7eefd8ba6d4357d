"""What values add to the chart's objects: labels, annotations, images, security, monitors, more objects."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from datamover_dev.paths import CHART, CRDS
from tests.chart.values import ENABLED, KEYS, VALUE_SETS
from tests.support.helm import Json, helm, render

EVERYTHING = VALUE_SETS["everything-else"]
MONITORS = ("serviceMonitor", "podMonitor")


def pods(objects: list[Json]) -> list[Json]:
    """Every pod's spec."""
    found = [
        each["spec"] if each["kind"] == "Pod" else each["spec"].get("template", {}).get("spec")
        for each in objects
        if "spec" in each and each["kind"] != "CustomResourceDefinition"
    ]
    return [each for each in found if each]


def containers(objects: list[Json]) -> list[Json]:
    return [each for pod in pods(objects) for each in (*pod.get("initContainers", ()), *pod["containers"])]


def test_every_object_has_the_common_labels_and_annotations_and_those_of_its_own() -> None:
    common: Json = {
        "commonLabels": {"team": "data"},
        "commonAnnotations": {"owner": "data", "helm.sh/resource-policy": "none"},
    }
    objects = [each for values in VALUE_SETS.values() for each in render(values | common | {"extraObjects": []})]
    for each in objects:
        about = each["metadata"]
        assert about["labels"]["team"] == "data", each["kind"]
        assert about["annotations"]["owner"] == "data", each["kind"]
        is_crd = each["kind"] == "CustomResourceDefinition"
        assert about["annotations"]["helm.sh/resource-policy"] == ("keep" if is_crd else "none")
    own = {each["kind"] for each in objects if each["metadata"]["annotations"].get("a") == "b"}
    assert own == {"Deployment", "Service", "ServiceMonitor", "PrometheusRule", "ConfigMap"}


@pytest.mark.parametrize(
    ("values", "image"),
    [
        ({}, "datamover-operator:0.1.0"),
        ({"image": {"registry": "r.example.com"}}, "r.example.com/datamover-operator:0.1.0"),
        ({"image": {"registry": "r.example.com"}, "global": {"imageRegistry": "g"}}, "g/datamover-operator:0.1.0"),
        ({"image": {"tag": "1"}}, "datamover-operator:1"),
        ({"image": {"tag": "1", "digest": f"sha256:{'0' * 64}"}}, f"datamover-operator@sha256:{'0' * 64}"),
    ],
)
def test_images_come_from_the_registry_that_is_named(values: Json, image: str) -> None:
    assert {each["image"] for each in containers(render(values))} == {image}


def test_the_emulators_image_comes_from_its_own_registry() -> None:
    values = {"dev": {"enabled": True, "image": {"registry": "d.example.com", "tag": "2"}}}
    assert "d.example.com/datamover-emulator:2" in {each["image"] for each in containers(render(values))}


def test_pull_secrets_of_the_parent_chart_are_used_too() -> None:
    values = {
        "imagePullSecrets": [{"name": "own"}],
        "global": {"imagePullSecrets": [{"name": "own"}, {"name": "parent"}]},
    }
    assert [pod["imagePullSecrets"] for pod in pods(render(values))] == [[{"name": "own"}, {"name": "parent"}]] * 2


def test_no_user_and_no_group_is_fixed_unless_values_say_so() -> None:
    """OpenShift refuses a pod that names a user outside of its namespace's range."""
    fixed = {"runAsUser", "runAsGroup", "fsGroup"}
    for values in VALUE_SETS.values():
        rendered = pods(render(values))
        named = [fixed & pod["securityContext"].keys() for pod in rendered]
        named += [fixed & each["securityContext"].keys() for pod in rendered for each in pod["containers"]]
        assert set().union(*named) == ({"runAsUser", "fsGroup"} if values is EVERYTHING else set())
    assert {pod["securityContext"]["runAsNonRoot"] for pod in pods(render(EVERYTHING))} == {True}
    assert {each["securityContext"]["privileged"] for each in containers(render(EVERYTHING))} == {False}


@pytest.mark.parametrize(("component", "program"), [("operator", "datamover-operator"), ("api", "datamover-api")])
def test_more_arguments_reach_the_program(component: str, program: str) -> None:
    values: Json = {"api": KEYS | ENABLED}
    values |= {component: {**values.get(component, {}), "extraArgs": ["--log-level=debug"]}}
    (deployment,) = render(values, only=[f"{component}/deployment.yaml"])
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["args"] == [program, "--log-level=debug"]


def test_more_objects_are_installed_as_templates() -> None:
    names = [each["metadata"]["name"] for each in render(EVERYTHING, only=["extra.yaml"])]
    assert names == ["datamover-operator-more", "datamover-operator-text"]


@pytest.mark.parametrize("monitor", MONITORS)
def test_monitors_are_set_as_the_prometheus_operator_knows_it(monitor: str) -> None:
    given = EVERYTHING["metrics"]["serviceMonitor"]
    for each in render({"api": KEYS | ENABLED, "metrics": {monitor: given}}, only=["monitoring/monitors.yaml"]):
        assert each["metadata"]["namespace"] == "default"
        assert each["metadata"]["labels"]["release"] == "prometheus"
        assert each["spec"]["namespaceSelector"] == {"matchNames": ["datamover-system"]}
        (endpoint,) = each["spec"].get("endpoints") or each["spec"]["podMetricsEndpoints"]
        for name in ("scrapeTimeout", "relabelings", "metricRelabelings"):
            assert endpoint[name] == given[name]


def test_the_dashboard_goes_into_its_folder() -> None:
    (dashboard,) = render(EVERYTHING, only=["monitoring/dashboard.yaml"])
    about = dashboard["metadata"]
    assert about["namespace"] == "default"
    assert about["annotations"] == {"a": "b", "grafana_folder": "Storage", "owner": "data@example.com"}
    (plain,) = render({"metrics": {"dashboard": {"enabled": True}}}, only=["monitoring/dashboard.yaml"])
    assert "annotations" not in plain["metadata"]


@pytest.mark.parametrize(
    ("api", "many"),
    [
        ({"replicas": 1}, False),
        ({"replicas": 2}, True),
        ({"replicas": 1, "autoscaling": {"enabled": True}}, True),
        ({"replicas": 2, "autoscaling": {"enabled": True, "minReplicas": 1, "maxReplicas": 1}}, False),
    ],
)
def test_one_pod_is_neither_spread_nor_kept_from_disruption(api: Json, many: bool) -> None:
    objects = render({"api": KEYS | ENABLED | api})
    (pod,) = [pod for pod in pods(objects) if pod["containers"][0]["name"] == "api"]
    assert ("topologySpreadConstraints" in pod) is many
    budgets = [each["metadata"]["name"] for each in objects if each["kind"] == "PodDisruptionBudget"]
    assert ("datamover-operator-api" in budgets) is many


@pytest.mark.parametrize(
    ("values", "many", "strategy"),
    [
        ({}, True, {"rollingUpdate": {"maxUnavailable": 0}}),
        ({"replicas": 1}, False, {"rollingUpdate": {"maxUnavailable": 0}}),
        ({"replicas": 1, "settings": {"lease": False}}, False, {"type": "Recreate"}),
    ],
)
def test_an_operator_that_stands_by_is_on_another_node_and_there_in_a_drain(
    values: Json, many: bool, strategy: Json
) -> None:
    objects = render({"operator": values})
    (deployment,) = [each for each in objects if each["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert deployment["spec"]["strategy"] == strategy
    assert ("topologySpreadConstraints" in pod) is many
    budgets = [each["spec"] for each in objects if each["kind"] == "PodDisruptionBudget"]
    labels = deployment["spec"]["selector"]
    assert budgets == ([{"maxUnavailable": 1, "selector": labels}] if many else [])


def test_helm_template_needs_to_be_told_no_kubernetes_version() -> None:
    assert "kind: Deployment" in helm("template", "movers", CHART)
    assert helm("version", "--short").startswith("v3.22.")


def test_chart_yaml_says_what_artifact_hub_shows() -> None:
    chart: dict[str, Any] = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert {"home", "icon", "sources", "maintainers", "keywords", "kubeVersion"} <= chart.keys()
    about = chart["annotations"]
    shown = yaml.safe_load(about["artifacthub.io/crds"])
    ours = [yaml.safe_load(path.read_text()) for path in CRDS.glob("*.yaml")]
    assert {(each["name"], each["kind"], each["version"]) for each in shown} == {
        (each["metadata"]["name"], each["spec"]["names"]["kind"], each["spec"]["versions"][0]["name"]) for each in ours
    }
    images = {each["image"] for each in yaml.safe_load(about["artifacthub.io/images"])}
    assert images == {each["image"] for each in containers(render({"dev": {"enabled": True}}))}
    examples = yaml.safe_load(about["artifacthub.io/crdsExamples"])
    assert {each["kind"] for each in examples} == {each["kind"] for each in shown}
