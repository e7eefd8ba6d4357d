"""The operator's own client, as the user of a kubeconfig."""

from __future__ import annotations

import json
from pathlib import Path

from kubernetes.aio.client import Configuration

from datamover_common.kube.client import KubeClient


def connected(kubeconfig: Path) -> KubeClient:
    """Connect in plain HTTP (the library reads KUBECONFIG just once, when it is imported)."""
    config = json.loads(kubeconfig.read_text())
    configuration = Configuration(
        host=config["clusters"][0]["cluster"]["server"],
        api_key={"BearerToken": config["users"][0]["user"]["token"]},
        api_key_prefix={"BearerToken": "Bearer"},
    )
    return KubeClient(configuration)
