"""The chart without a node: what helm makes of it, and what a real API server says to that."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from pydantic import BaseModel

from datamover_api.settings import Settings as ApiSettings
from datamover_dev.chart.readme import README, with_values
from datamover_dev.controlplane.programs import kubernetes_version
from datamover_dev.paths import CHART, CHECKOUT, CRDS
from datamover_operator.chores import RELEASE_TIMEOUT
from datamover_operator.process.settings import Settings
from tests.chart.values import ENABLED, KEYS, POLICY, VALUE_SETS
from tests.support.helm import HelmError, Json, helm, render
from tests.support.kubectl import Kubectl, KubectlError

FOREIGN = "monitoring.coreos.com/v1"
"""The Prometheus operator's kinds, which our API server does not know."""

HELMS_TIMEOUT = 300
"""Seconds that helm waits for a hook unless `--timeout` says otherwise."""

GIVEN_BY_THE_CHART = {
    "database_hosts",
    "webhook_hosts",
    "http_host",
    "http_port",
    "keys_file",
    "label_studio_enabled",
    "label_studio_keys_file",
    "lease_name",
    "legacy_enabled",
    "namespaces",
    "operator_namespace",
    "sync_administrators",
    "sync_config_file",
    "sync_enabled",
    "sync_keys_file",
    "sync_rate_limit_storage",
    "tls_certificate_file",
    "tls_key_file",
    "trusted_proxies",
}

each_set = pytest.mark.parametrize("values", VALUE_SETS.values(), ids=list(VALUE_SETS))


@each_set
def test_it_lints(values: Json) -> None:
    assert "0 chart(s) failed" in helm("lint", CHART, "--strict", values=values)


@each_set
def test_a_real_api_server_accepts_every_object(values: Json, kubectl: Kubectl) -> None:
    objects = [each for each in render(values, namespace=kubectl.namespace) if each["apiVersion"] != FOREIGN]
    for namespace in {each["metadata"].get("namespace", kubectl.namespace) for each in objects}:
        there = [each for each in objects if each["metadata"].get("namespace", kubectl.namespace) == namespace]
        own = replace(kubectl, namespace=namespace)
        applied = own(
            "apply",
            "--server-side",
            "--force-conflicts",
            "--dry-run=server",
            "-f",
            "-",
            stdin=yaml.safe_dump_all(there),
        )
        assert len(applied.splitlines()) == len(there)


@each_set
def test_every_pod_satisfies_the_restricted_level(values: Json, kubectl: Kubectl) -> None:
    kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    pods = [pod for each in render(values, namespace=kubectl.namespace) if (pod := pod_of(each))]
    assert pods
    for number, pod in enumerate(pods):
        spec = pod | {"serviceAccountName": "default", "priorityClassName": ""}
        manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": f"pod-{number}"}, "spec": spec}
        kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(manifest))
        # The level is enforced: the same pod as root is refused.
        rooted = manifest | {"spec": spec | {"securityContext": {"runAsUser": 0}}}
        with pytest.raises(KubectlError, match="violates PodSecurity"):
            kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(rooted))


def pod_of(each: Json) -> Json | None:
    if each["kind"] == "Pod":
        spec: Json = each["spec"]
        return spec
    return each["spec"]["template"]["spec"] if each["kind"] in {"Deployment", "Job"} else None


@pytest.mark.parametrize(
    ("values", "complaint"),
    [
        ({"operator": {"settings": {"workers": 0}}}, "at '/operator/settings/workers': minimum: got 0, want 1"),
        ({"operator": {"settings": {"wrokers": 1}}}, "additional properties 'wrokers' not allowed"),
        ({"operator": {"replica": 2}}, "at '/operator': additional properties 'replica' not allowed"),
        (
            {"operator": {"settings": {"lease": False}}},
            "operator.replicas: must be 1 with operator.settings.lease: false",
        ),
        ({"watchNamespaces": "team-a"}, "at '/watchNamespaces': got string, want array"),
        ({"watchNamespaces": ["Team"]}, "at '/watchNamespaces/0': 'Team' does not match pattern"),
        ({"image": {"pullPolicy": "Sometimes"}}, "at '/image/pullPolicy': value must be one of"),
        ({"commonLabels": {"app.kubernetes.io/name": "x"}}, "at '/commonLabels/app.kubernetes.io~1name': got string"),
        ({"networkPolicy": {"egressPorts": []}}, "at '/networkPolicy/egressPorts': minItems: got 0, want 1"),
        (
            {"operator": {"resources": {"limits": {"memory": ".."}}}},
            "at '/operator/resources/limits/memory': '..' does",
        ),
        (
            {"operator": {"settings": {"awsCallTimeoutSeconds": 90}}},
            "operator.settings.settlingSeconds: must be more than awsCallTimeoutSeconds (90)",
        ),
        (
            {"api": {"autoscaling": {"enabled": True, "minReplicas": 9}}},
            "api.autoscaling.minReplicas: must be at most maxReplicas (6)",
        ),
        (
            {"watchNamespaces": ["a"], "dev": {"enabled": True, "namespace": "b"}},
            "dev.namespace: 'b' is none of watchNamespaces",
        ),
        ({"aws": {"region": "Frankfurt"}}, "at '/aws/region': 'Frankfurt' does not match pattern"),
        ({"api": ENABLED}, "api.keys.existingSecret: name a Secret"),
        ({"api": KEYS | ENABLED | {"ingress": {"enabled": True}}}, "api.ingress.hosts: name at least one host"),
        (
            {"metrics": {"serviceMonitor": {"enabled": True}, "podMonitor": {"enabled": True}}},
            "metrics: enable serviceMonitor or podMonitor",
        ),
        ({"api": KEYS | {"enabled": True}}, "api.namespaces: name the namespaces"),
        (
            {"operator": {"serviceAccount": {"create": False}}},
            "operator.serviceAccount.name: with create: false, name a ServiceAccount that exists",
        ),
        (
            {"api": KEYS | ENABLED | {"serviceAccount": {"create": False}}},
            "api.serviceAccount.name: with create: false, name a ServiceAccount that exists",
        ),
        (
            {"rbac": {"create": False}, "dev": {"enabled": True}},
            "rbac.create: dev.enabled needs it",
        ),
        (
            {"rbac": {"create": False}, "crds": {"keep": False}},
            "rbac.create: crds.keep: false needs it",
        ),
        ({"secretNamespaces": ["*"]}, "at '/secretNamespaces/0': '*' does not match pattern"),
        ({"operator": {"secretNames": ["Keys"]}}, "at '/operator/secretNames/0': 'Keys' does not match pattern"),
        (
            {"api": KEYS | ENABLED, "networkPolicy": {"enabled": True}},
            "networkPolicy.apiServerCIDRs: name the API server's addresses",
        ),
        (
            {"networkPolicy": {"apiServerCIDRs": ["10.0.0.10"]}},
            "at '/networkPolicy/apiServerCIDRs/0': '10.0.0.10' does not match",
        ),
        (
            {"api": {"trustedProxies": ["ingress"]}},
            "at '/api/trustedProxies/0': 'ingress' does not match",
        ),
        (
            {"api": KEYS | ENABLED | {"namespaces": ["team-*"]}},
            "at '/api/namespaces/0': 'team-*' does not match",
        ),
        (
            {"api": KEYS | ENABLED | {"sync": KEYS | {"enabled": True, "rateLimitStorage": "redis://:secret@redis"}}},
            "api.sync.rateLimitStorage: has a user or password, and would stand in the Deployment",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_wrong_values_are_refused_by_name(values: Json, complaint: str) -> None:
    with pytest.raises(HelmError) as refused:
        render(values)
    assert complaint in str(refused.value)


def test_the_url_of_the_rate_limits_redis_may_come_from_a_secret() -> None:
    sync = KEYS | {"enabled": True, "rateLimitStorageSecret": {"existingSecret": "redis"}}
    (deployment,) = render({"api": KEYS | ENABLED | {"sync": sync}}, only=["api/deployment.yaml"])
    env = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    assert [each for each in env if each["name"] == "DATAMOVER_API_SYNC_RATE_LIMIT_STORAGE"] == [
        {
            "name": "DATAMOVER_API_SYNC_RATE_LIMIT_STORAGE",
            "valueFrom": {"secretKeyRef": {"name": "redis", "key": "url"}},
        }
    ]


@pytest.mark.parametrize(
    ("namespaces", "watched", "granted"),
    [
        (["a", "b"], [], ["a", "b"]),
        (["a"], ["a", "b"], ["a"]),
        ([], ["b"], ["b"]),
        (["*"], ["b"], ["*"]),
        (["a", "*"], [], ["*"]),
    ],
)
def test_the_rest_service_has_rights_where_it_is_told(
    namespaces: list[str], watched: list[str], granted: list[str]
) -> None:
    values = {"api": KEYS | {"enabled": True, "namespaces": namespaces}, "watchNamespaces": watched}
    rendered = render(values, only=["api/rbac.yaml"])
    roles = [each for each in rendered if each["kind"] in {"Role", "ClusterRole"}]
    writing = [each for each in roles if any("create" in rule["verbs"] for rule in each["rules"])]
    assert [each["metadata"].get("namespace", "*") for each in writing] == granted


def test_rights_are_somebody_elses_affair_where_that_is_said() -> None:
    objects = render({"rbac": {"create": False}, "api": KEYS | ENABLED})
    assert [each["kind"] for each in objects if each["apiVersion"].startswith("rbac.")] == []


def test_teams_roles_can_be_kept_out_of_the_clusters_own() -> None:
    def labels(**rbac: bool) -> set[str]:
        roles = render({"rbac": rbac}, only=["teams/rbac.yaml"])
        return {label for each in roles for label in each["metadata"]["labels"] if "/aggregate-to-" in label}

    assert len(labels()) == 3
    assert labels(aggregateClusterRoles=False) == set()


def test_names_that_yaml_takes_for_something_else_are_texts() -> None:
    values = {
        "nameOverride": "34",
        "fullnameOverride": "12",
        "watchNamespaces": ["123", "on"],
        "dev": {"enabled": True},
        "api": KEYS | {"enabled": True, "namespaces": ["no"], "tls": {"existingSecret": "1"}},
        "operator": {"serviceAccount": {"name": "007"}, "priorityClassName": "1"},
    }
    names = {"name", "namespace", "value", "serviceAccountName", "secretName", "priorityClassName"}

    def check(part: object, key: str = "") -> None:
        if isinstance(part, dict):
            for name, value in part.items():
                check(value, name)
        elif isinstance(part, list):
            for value in part:
                check(value, key)
        else:
            wrong = (key in names or "kubernetes.io/" in key) and not isinstance(part, str)
            assert not wrong, f"{key}: {part}"

    rendered = render(values, namespace="123", release="42")
    check(rendered)
    (account,) = [each["data"]["account.yaml"] for each in rendered if "account.yaml" in each.get("data", {})]
    assert yaml.safe_load(account)["spec"]["grants"][0]["namespaces"] == ["123"]


@pytest.mark.parametrize("grace", [None, 0, 1.5, 300])
def test_pods_have_the_time_to_end_that_the_settings_give(grace: float | None) -> None:
    settings = {} if grace is None else {"shutdownGraceSeconds": grace}
    of_api = {"settings": {name: int(value) for name, value in settings.items()}}
    objects = render({"operator": {"settings": settings}, "api": KEYS | ENABLED | of_api})
    (operator, api) = sorted(
        (each["spec"]["template"]["spec"] for each in objects if each["kind"] == "Deployment"),
        key=lambda pod: "lifecycle" in pod["containers"][0],
    )
    takes = grace if grace is not None else Settings().shutdown_grace_seconds
    assert operator["terminationGracePeriodSeconds"] >= takes + 5
    pause = api["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
    takes = int(grace) if grace is not None else ApiSettings(keys_file=Path("keys")).shutdown_grace_seconds
    assert api["terminationGracePeriodSeconds"] >= pause + takes + 5


def test_every_pod_says_what_it_needs_and_goes_where_the_operator_may_go() -> None:
    """A namespace may have a ResourceQuota, and every node a taint."""
    tolerations = [{"operator": "Exists"}]
    values = {"operator": {"tolerations": tolerations}, "dev": {"enabled": True}, "crds": {"keep": False}}
    pods = [pod for each in render(values) if (pod := pod_of(each))]
    assert len(pods) == 5
    for pod in pods:
        assert pod["tolerations"] == tolerations
        for container in (*pod.get("initContainers", ()), *pod["containers"]):
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
            assert "memory" in container["resources"]["limits"]


def test_the_test_pod_asks_the_rest_service_as_it_is_served() -> None:
    for tls, scheme in (("", "http"), ("tls", "https")):
        values = {"api": KEYS | ENABLED | {"tls": {"existingSecret": tls}}}
        (tester,) = render(values, only=["tests/ready.yaml"])
        (service,) = render(values, only=["api/service.yaml"])
        assert f"{scheme}://datamover-operator-api." in tester["spec"]["containers"][0]["args"][2]
        assert service["spec"]["ports"][0]["appProtocol"] == scheme


@pytest.mark.parametrize(
    ("named", "granted"), [([], []), (["keys", "a.b"], [["keys", "a.b"]]), (["*"], [None]), (["a", "*"], [None])]
)
def test_the_operator_may_read_the_secrets_that_are_named(named: list[str], granted: list[list[str] | None]) -> None:
    rules = [
        rule
        for each in render({"operator": {"secretNames": named}}, only=["operator/rbac.yaml"])
        for rule in each.get("rules", ())
        if "secrets" in rule["resources"]
    ]
    assert [rule.get("resourceNames") for rule in rules] == granted
    assert all(rule["verbs"] == ["get"] for rule in rules)


def test_secrets_of_movers_are_readable_where_it_is_said() -> None:
    assert [each for each in render(only=["operator/rbac.yaml"]) if each["metadata"]["name"].endswith("-secrets")] == []
    rendered = render({"secretNamespaces": ["a", "b"]}, only=["operator/rbac.yaml"])
    roles = [each for each in rendered if each["kind"] == "Role" and each["metadata"]["name"].endswith("-secrets")]
    assert [each["metadata"]["namespace"] for each in roles] == ["a", "b"]
    assert all(each["rules"] == [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}] for each in roles)
    own = [rule for each in rendered if each["kind"] == "Role" and each not in roles for rule in each["rules"]]
    rules = [(rule.get("resourceNames"), rule["verbs"]) for rule in own if rule["resources"] == ["secrets"]]
    assert rules == [(["datamover-operator-hash-key"], ["get"]), (None, ["create"])]


def test_two_releases_share_nothing_but_the_crds() -> None:
    """Each in a namespace of its own, or both in one."""
    second = {"crds": {"install": False}, "watchNamespaces": ["b"], "api": KEYS | {"enabled": True}}

    def made(**where: str) -> set[tuple[str, str, str]]:
        metadata = [(each["kind"], each["metadata"]) for each in render(second, **where)]
        return {(kind, each.get("namespace", ""), each["name"]) for kind, each in metadata}

    names = [made(release="first"), made(release="second"), made(release="first", namespace="elsewhere")]
    assert names[0] & names[1] == names[0] & names[2] == set()


def test_it_needs_a_kubernetes_that_knows_our_rules() -> None:
    with pytest.raises(HelmError, match=r"kubeVersion: >=1\.32"):
        helm("template", "movers", CHART, "--kube-version=v1.31.0")


def test_its_crds_are_those_of_the_models() -> None:
    ours = {path.name: path.read_text() for path in CRDS.glob("*.yaml")}
    assert {path.name: path.read_text() for path in (CHART / "files" / "crds").glob("*.yaml")} == ours


@pytest.mark.parametrize("keep", [True, False])
def test_crds_are_nobodys_to_remove_but_the_release_jobs(keep: bool) -> None:
    objects = render({"crds": {"keep": keep}})
    crds = [each for each in objects if each["kind"] == "CustomResourceDefinition"]
    for crd in crds:
        annotations = crd["metadata"]["annotations"]
        assert annotations["helm.sh/resource-policy"] == "keep"
        assert annotations["argocd.argoproj.io/sync-options"] == "Prune=false"
        source = yaml.safe_load((CRDS / f"{crd['spec']['group']}_{crd['spec']['names']['plural']}.yaml").read_text())
        assert crd["spec"] == source["spec"]
    removable = [
        name
        for each in objects
        if each["metadata"].get("annotations", {}).get("helm.sh/hook") == "pre-delete"
        for rule in each.get("rules", ())
        if "customresourcedefinitions" in rule["resources"] and "delete" in rule["verbs"]
        for name in rule["resourceNames"]
    ]
    assert sorted(removable) == ([] if keep else sorted(each["metadata"]["name"] for each in crds))


def test_the_release_job_ends_by_itself_before_helm_gives_up_and_never_later() -> None:
    (job,) = [
        each for each in render({"crds": {"keep": False}}, only=["operator/release-hook.yaml"]) if each["kind"] == "Job"
    ]
    deadline = job["spec"]["activeDeadlineSeconds"]
    grace = job["spec"]["template"]["spec"]["terminationGracePeriodSeconds"]
    assert deadline > RELEASE_TIMEOUT
    assert deadline + grace < HELMS_TIMEOUT


@pytest.mark.parametrize(("part", "model"), [("operator", Settings), ("api", ApiSettings)])
def test_the_schema_knows_every_setting_and_its_bounds(part: str, model: type[BaseModel]) -> None:
    schema = json.loads((CHART / "values.schema.json").read_text())
    known = schema["properties"][part]["properties"]["settings"]["properties"]
    ours = {
        camel(name): limits(each)
        for name, each in model.model_json_schema()["properties"].items()
        if name not in GIVEN_BY_THE_CHART
    }
    assert {name: limits(each) for name, each in known.items()} == ours


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


def limits(each: Json) -> Json:
    each = next((part for part in each.get("anyOf", ()) if part["type"] != "null"), each)
    return {key: value for key, value in each.items() if key in {"type", "minimum", "maximum", "enum", "pattern"}}


def test_settings_reach_the_pod() -> None:
    values = VALUE_SETS["everything-else"] | {"watchNamespaces": ["a", "b"]}
    (pod,) = [pod_of(each) for each in render(values, only=["operator/deployment.yaml"])]
    assert pod is not None
    env = {each["name"]: each["value"] for each in pod["containers"][0]["env"]}
    given = {
        "DATAMOVER_NAMESPACES": "a,b",
        "DATAMOVER_WORKERS": "8",
        "DATAMOVER_AWS_RATE": "2.5",
        "DATAMOVER_LEASE": "false",
        "DATAMOVER_LOG_LEVEL": "debug",
        "DATAMOVER_OPERATOR_NAMESPACE": "datamover-system",
        "AWS_REGION": "eu-central-1",
        "AWS_ENDPOINT_URL": "https://aws.example.com",
    }
    assert env | given == env


def test_operator_and_rest_service_know_the_same_database_hosts() -> None:
    values = VALUE_SETS["facades"] | {"databaseHosts": ["*.db.example.com", "10.0.0.0/8"]}
    pods = [pod_of(each) for each in render(values, only=["operator/deployment.yaml", "api/deployment.yaml"])]
    found = {
        each["name"]: each["value"]
        for pod in pods
        if pod is not None
        for each in pod["containers"][0]["env"]
        if each["name"].endswith("DATABASE_HOSTS")
    }
    hosts = "*.db.example.com,10.0.0.0/8"
    assert found == {"DATAMOVER_DATABASE_HOSTS": hosts, "DATAMOVER_API_DATABASE_HOSTS": hosts}


def test_the_rest_service_may_call_nothing_but_the_api_server() -> None:
    values = {
        "api": KEYS | ENABLED,
        "dev": {"enabled": True},
        "networkPolicy": {"enabled": True, "apiServerCIDRs": ["10.1.2.3/32", "fd00::/64"], "egressPorts": [6443]},
    }
    (policy,) = [each for each in render(values, only=["api/exposure.yaml"]) if each["kind"] == "NetworkPolicy"]
    blocks = [{"ipBlock": {"cidr": "10.1.2.3/32"}}, {"ipBlock": {"cidr": "fd00::/64"}}]
    assert policy["spec"]["egress"] == [{"to": blocks, "ports": [{"port": 6443}]}]


def test_proxies_are_trusted_where_they_are_named() -> None:
    (deployment,) = render(
        {"api": KEYS | ENABLED | {"trustedProxies": ["10.2.0.0/16", "::1"]}}, only=["api/deployment.yaml"]
    )
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"name": "DATAMOVER_API_TRUSTED_PROXIES", "value": "10.2.0.0/16,::1"} in container["env"]


def test_who_is_let_in_is_not_instead_of_helm_test() -> None:
    peer = {"namespaceSelector": {"matchLabels": {"a": "b"}}}
    values = {
        "api": KEYS | ENABLED,
        "networkPolicy": POLICY | {"metricsFrom": [peer], "apiFrom": [peer]},
    }
    objects = render(values)
    policies = [each for each in objects if each["kind"] == "NetworkPolicy"]
    (tester,) = [each for each in objects if each["kind"] == "Pod"]
    for policy in policies:
        first, second = policy["spec"]["ingress"][0]["from"]
        assert first == peer
        assert second["podSelector"]["matchLabels"].items() <= tester["metadata"]["labels"].items()
    assert len(policies) == 2


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PodMonitor"])
def test_every_component_that_runs_is_scraped(kind: str) -> None:
    metrics = {f"{kind[0].lower()}{kind[1:]}": {"enabled": True}}
    objects = render({"api": KEYS | ENABLED | {"tls": {"existingSecret": "tls"}}, "metrics": metrics})
    monitors = [each["spec"] for each in objects if each["kind"] == kind]
    served: list[tuple[Json, Json]] = []
    for each in objects:
        if kind == "ServiceMonitor" and each["kind"] == "Service":
            served.append((each["metadata"]["labels"], each["spec"]))
        if kind == "PodMonitor" and each["kind"] == "Deployment":
            template = each["spec"]["template"]
            served.append((template["metadata"]["labels"], template["spec"]["containers"][0]))
    endpoints = []
    for monitor in monitors:
        wanted = monitor["selector"]["matchLabels"].items()
        (ports,) = [part["ports"] for labels, part in served if wanted <= labels.items()]
        (endpoint,) = monitor.get("endpoints") or monitor["podMetricsEndpoints"]
        assert [port["name"] for port in ports] == [endpoint["port"]]
        endpoints.append(endpoint)
    assert [each.get("scheme") for each in endpoints] == [None, "https"]
    # The series' own label `namespace` tells the mover's; else the pod's would stand there.
    assert [each["honorLabels"] for each in endpoints] == [True, True]
    assert [each["kind"] for each in render({"metrics": metrics})].count(kind) == 1


def test_the_readme_has_the_values_that_values_yaml_has() -> None:
    readme = README.read_text()
    assert readme == with_values(readme, (CHART / "values.yaml").read_text()), "run make chart"


def test_every_alert_leads_to_its_page_in_the_runbook() -> None:
    values = {"metrics": {"prometheusRule": {"enabled": True, "runbookUrl": "https://wiki.example.com/movers"}}}
    (rule,) = render(values, only=["monitoring/rules.yaml"])
    alerts = [each for each in rule["spec"]["groups"][0]["rules"] if "alert" in each]
    runbook = (CHECKOUT / "docs" / "runbook.md").read_text()
    for each in alerts:
        assert f"\n## {each['alert']}\n" in runbook
        url = f"https://wiki.example.com/movers#{each['alert'].lower()}"
        assert each["annotations"]["runbook_url"] == url


def test_the_version_is_said_once() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert f'version = "{chart["appVersion"]}"' in (CHECKOUT / "pyproject.toml").read_text()
    assert kubernetes_version().startswith("v1.")
