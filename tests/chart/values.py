"""Sets of values that between them turn everything of the chart on."""

from __future__ import annotations

from typing import Any

KEYS = {"keys": {"existingSecret": "keys"}}
ENABLED = {"enabled": True, "namespaces": ["default"]}
POLICY = {"enabled": True, "apiServerCIDRs": ["10.0.0.10/32"]}

VALUE_SETS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "one-namespace": {
        "watchNamespaces": ["default"],
        "secretNamespaces": ["default"],
        "databaseHosts": ["*.example.com", "10.0.0.0/8"],
        "webhookHosts": ["hooks.example.com"],
        "operator": {
            "settings": {"clusterId": "test"},
            "secretNames": ["keys"],
            "podDisruptionBudget": {"maxUnavailable": "50%"},
            "topologySpreadConstraints": [
                {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
            ],
        },
    },
    "try-out": {"dev": {"enabled": True, "extraArgs": ["--state-delay=1"]}, "crds": {"keep": False}},
    "rest": {
        "api": KEYS
        | {
            "enabled": True,
            "autoscaling": {"enabled": True},
            "ingress": {
                "enabled": True,
                "className": "nginx",
                "hosts": ["movers.example.com"],
                "tls": [{"hosts": ["movers.example.com"], "secretName": "tls"}],
            },
            "tls": {"existingSecret": "tls"},
            "trustedProxies": ["10.2.0.0/16"],
            "podDisruptionBudget": {"maxUnavailable": "50%"},
            "namespaces": ["default"],
        },
        "networkPolicy": POLICY | {"apiFrom": [{"namespaceSelector": {}}]},
        "metrics": {"podMonitor": {"enabled": True}},
    },
    "facades": {
        "api": ENABLED
        | {
            "legacy": {"enabled": False},
            "labelStudio": KEYS | {"enabled": True},
            "sync": KEYS
            | {
                "enabled": True,
                "administrators": ["root"],
                "configuration": {"sync": {"interval": "1m"}, "log": {"level": "DEBUG"}},
                "rateLimitStorage": "redis://redis:6379/0",
            },
        },
    },
    "as documented for the DataSync API": {"apiKey": "your-api-key", "database": {"url": "postgresql://db:5432/sync"}},
    "everything-else": {
        "crds": {"install": False},
        "global": {"imageRegistry": "mirror.example.com", "imagePullSecrets": [{"name": "mirror"}]},
        "commonLabels": {"team": "data"},
        "commonAnnotations": {"owner": "data@example.com"},
        "extraObjects": [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "{{ .Release.Name }}-more"}},
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}-text\n",
        ],
        "podSecurityContext": {"runAsUser": 1000, "fsGroup": 1000},
        "containerSecurityContext": {"privileged": False},
        "fullnameOverride": "movers",
        "image": {"registry": "registry.example.com", "repository": "movers", "digest": f"sha256:{'0' * 64}"},
        "imagePullSecrets": [{"name": "registry"}],
        "aws": {"region": "eu-central-1", "endpointUrl": "https://aws.example.com"},
        "api": KEYS
        | {
            "enabled": True,
            "namespaces": ["*"],
            "service": {"sessionAffinitySeconds": 0, "labels": {"a": "b"}},
            "settings": {"githash": "abc"},
            "extraArgs": ["--log-level=debug"],
            "annotations": {"a": "b"},
        },
        "networkPolicy": POLICY | {"metricsFrom": [{"namespaceSelector": {"matchLabels": {"a": "b"}}}]},
        "operator": {
            "replicas": 1,
            "settings": {"workers": 8, "awsRate": 2.5, "lease": False, "logLevel": "debug"},
            "extraArgs": ["--workers=9"],
            "labels": {"a": "b"},
            "annotations": {"a": "b"},
            "service": {"labels": {"a": "b"}, "annotations": {"a": "b"}},
            "serviceAccount": {
                "labels": {"a": "b"},
                "annotations": {"eks.amazonaws.com/role-arn": "arn:aws:iam::123456789012:role/movers"},
            },
            "extraEnv": [{"name": "A", "value": "b"}],
            "extraVolumes": [{"name": "ca", "configMap": {"name": "ca"}}],
            "extraVolumeMounts": [{"name": "ca", "mountPath": "/ca"}],
            "podLabels": {"a": "b", "team": "movers"},
            "podAnnotations": {"a": "b"},
            "nodeSelector": {"kubernetes.io/arch": "amd64"},
            "tolerations": [{"operator": "Exists"}],
            "affinity": {"nodeAffinity": {}},
            "priorityClassName": "system-cluster-critical",
        },
        "metrics": {
            "serviceMonitor": {
                "enabled": True,
                "namespace": "default",
                "scrapeTimeout": "10s",
                "relabelings": [{"targetLabel": "cluster", "replacement": "one"}],
                "metricRelabelings": [{"action": "drop", "regex": "python_.*", "sourceLabels": ["__name__"]}],
                "labels": {"release": "prometheus"},
                "annotations": {"a": "b"},
            },
            "prometheusRule": {"enabled": True, "namespace": "default", "annotations": {"a": "b"}},
            "dashboard": {"enabled": True, "namespace": "default", "folder": "Storage", "annotations": {"a": "b"}},
        },
    },
}
