"""What one run needs, new for each: a control plane with our CRDs, an emulator, an account and two buckets."""

from __future__ import annotations

import json
import os
import urllib.request
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import boto3
from botocore.config import Config

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.demo.buckets import Bucket
from datamover_dev.paths import CRDS
from datamover_dev.stack.emulator import start_emulator
from datamover_dev.stack.environment import ACCOUNT_ID, REGION, aws_environment, without_foreign_settings

NAMESPACE = "bench"
ACCOUNT = "bench"
SOURCE, DESTINATION = "bench-source", "bench-destination"
AWS_IN_FLIGHT = 18
"""AWS calls in flight for one account: the operator's default."""

_MORE_THAN_ENOUGH = 1_000_000


@dataclass(frozen=True)
class Arena:
    """A running control plane and emulator, and a `folder` for logs."""

    folder: Path
    kubeconfig: Path
    endpoint: str

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a program that is to find both."""
        variables = {"KUBECONFIG": str(self.kubeconfig), **aws_environment(self.endpoint)}
        return without_foreign_settings(os.environ) | variables

    def client(self, service: Literal["datasync", "events", "iam", "sqs"]) -> Any:  # noqa: ANN401 - boto3's clients have no types
        """A client of an AWS service, as many calls of which may be in flight as the operator's."""
        config = Config(max_pool_connections=AWS_IN_FLIGHT)
        session = boto3.Session(aws_access_key_id="local", aws_secret_access_key="local", region_name=REGION)  # noqa: S106
        return session.client(service, endpoint_url=self.endpoint, config=config)

    def aws_calls(self) -> Counter[str]:
        """How often each operation was called so far, by the emulator's journal; making the buckets left out."""
        with urllib.request.urlopen(f"{self.endpoint}/_emulator/journal", timeout=60) as response:  # noqa: S310 - our own
            entries: list[dict[str, Any]] = json.load(response)["entries"]
        return Counter(str(entry["operation"]) for entry in entries if entry["service"] != "s3")


@contextmanager
def arena(folder: Path) -> Iterator[Arena]:
    """Start everything; DataSync's quota of tasks (100 by default) is out of the way."""
    folder.mkdir(parents=True)
    with ControlPlane(folder / "control-plane", crds=CRDS) as control_plane:
        quota = (f"--max-tasks={_MORE_THAN_ENOUGH}", f"--journal-limit={_MORE_THAN_ENOUGH}")
        environment = without_foreign_settings(os.environ)
        emulator, endpoint = start_emulator(folder, arguments=quota, environment=environment)
        try:
            for name in (SOURCE, DESTINATION):
                Bucket(name, aws_environment(endpoint)).create()
            _apply(control_plane, folder)
            yield Arena(folder, control_plane.kubeconfig, endpoint)
        finally:
            emulator.terminate()


def mover_named(name: str) -> dict[str, Any]:
    """A mover from S3 to S3, as a user would apply it."""
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "metadata": {"name": name},
        "spec": {
            "accountRef": {"name": ACCOUNT},
            "source": {"s3": {"s3BucketArn": f"arn:aws:s3:::{SOURCE}", "subdirectory": f"/{name}"}},
            "destination": {"s3": {"s3BucketArn": f"arn:aws:s3:::{DESTINATION}", "subdirectory": f"/{name}"}},
            "tags": [{"key": "team", "value": "bench"}],
            "options": {"verifyMode": "ONLY_FILES_TRANSFERRED", "logLevel": "TRANSFER"},
        },
    }


def _apply(control_plane: ControlPlane, folder: Path) -> None:
    account = {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMoverAccount",
        "metadata": {"name": ACCOUNT},
        "spec": {
            "accountId": ACCOUNT_ID,
            "region": REGION,
            "grants": [{"namespaces": [NAMESPACE], "locations": ["*"], "roleArns": ["*"]}],
        },
    }
    manifest = folder / "account.json"
    manifest.write_text(json.dumps(account))
    control_plane.kubectl("create", "namespace", NAMESPACE)
    control_plane.kubectl("apply", "--server-side", "-f", str(manifest))
