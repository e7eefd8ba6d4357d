"""Kubeconfig files (https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/)."""

from __future__ import annotations

import base64
import json
from pathlib import Path


def write(path: Path, *, server: str, authority: Path, token: str) -> None:
    """Write a kubeconfig for one user with a bearer token, readable by its owner only.

    JSON is YAML, so every client reads it.
    """
    certificate = base64.b64encode(authority.read_bytes()).decode()
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "local",
        "clusters": [{"name": "local", "cluster": {"server": server, "certificate-authority-data": certificate}}],
        "users": [{"name": "admin", "user": {"token": token}}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": "admin", "namespace": "default"}}],
    }
    path.touch(mode=0o600)
    path.write_text(json.dumps(config, indent=2) + "\n")
