"""The environment in which every AWS and Kubernetes client finds the local stack."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path

REGION = "eu-central-1"
ACCOUNT_ID = "123456789012"
SYNC_VARIABLES = frozenset({"API_KEY", "DB_URL", "SYNC_INTERVAL", "MAX_RETRIES", "WEBHOOK_TIMEOUT", "LOG_LEVEL"})
"""The variables of the DataSync API v2.1, whose names are so general that a person may have them for something else."""


def aws_environment(endpoint: str) -> dict[str, str]:
    """Return the standard AWS variables that lead any SDK or CLI to the emulator.

    The emulator takes any credentials; ours can't be mistaken for real ones.
    """
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def without_foreign_settings(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment without what the person's own AWS, Kubernetes and operator settings would change."""
    foreign = ("AWS_", "DATAMOVER_", "KUBECONFIG", "KUBERNETES_", "LABEL_STUDIO_", "SYNC_API_")
    return {
        name: value
        for name, value in environment.items()
        if not name.startswith(foreign) and name not in SYNC_VARIABLES
    }


def write_env_file(path: Path, variables: Mapping[str, str], programs: Iterable[Path]) -> None:
    """Write a file for a shell to source, whole or not at all; `programs` are folders to put first on PATH."""
    lines = [f"export {name}={shlex.quote(value)}" for name, value in variables.items()]
    search = os.pathsep.join(shlex.quote(str(folder)) for folder in programs)
    text = "\n".join(
        [
            "# Written by `make up` or `make cluster`; use it by: source .local/env",
            "unset AWS_PROFILE  # it would win over the test credentials",
            *lines,
            f'export PATH={search}:"$PATH"',
            "",
        ]
    )
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_text(text)
    unfinished.rename(path)
