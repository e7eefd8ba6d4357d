"""What the chart's Jobs do: apply a sample account, and let all movers go before their CRDs do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from datamover_dev.stack.environment import without_foreign_settings
from tests.support.api import Api
from tests.support.helm import render
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rights import identity


def chore(*arguments: str, kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    environment = without_foreign_settings(os.environ) | {"KUBECONFIG": str(kubeconfig)}
    command = [sys.executable, "-m", "datamover_operator.chores", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)


def rights(template: str, namespace: str) -> list[dict[str, object]]:
    """What the chart lets such a Job do."""
    values = {"dev": {"enabled": True}, "crds": {"keep": False}}
    kinds = {"ServiceAccount", "ClusterRole", "ClusterRoleBinding"}
    return [each for each in render(values, namespace=namespace, only=[template]) if each["kind"] in kinds]


def test_the_sample_account_is_made_once_and_brought_up_to_date(
    api: Api, kubeconfig: Path, world: World, tmp_path: Path
) -> None:
    account = tmp_path / "account.yaml"
    with identity(api, kubeconfig, tmp_path, rights("dev/sample.yaml", world.namespace)) as whose:
        for location in ("s3://a-*", "s3://b-*"):
            spec = {"accountId": "123456789012", "region": "eu-central-1", "grants": [{"locations": [location]}]}
            manifest = {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverAccount", "spec": spec}
            account.write_text(yaml.safe_dump(manifest | {"metadata": {"name": world.account}}))
            done = chore("apply", str(account), kubeconfig=whose)
            assert done.returncode == 0, done.stderr
            found = world.get("DataMoverAccount", world.account)
            assert found is not None
            assert found["spec"]["grants"][0]["locations"] == [location]


def test_release_lets_every_mover_go_and_leaves_aws_alone(
    api: Api, kubeconfig: Path, world: World, operator: Operators, tmp_path: Path
) -> None:
    operator()
    world.bucket("src")
    world.bucket("dst")
    world.grant_all()
    world.s3_mover()
    world.wait_ready()
    before = world.leftovers()
    (tmp_path / "chore").mkdir()
    with identity(api, kubeconfig, tmp_path / "chore", rights("operator/release-hook.yaml", world.namespace)) as whose:
        done = chore("release", kubeconfig=whose)
    assert done.returncode == 0, done.stderr
    assert world.list("DataMover") == []
    assert world.get("DataMoverAccount", world.account) is None
    assert world.leftovers() == before


@pytest.mark.parametrize(
    ("arguments", "status", "complaint"),
    [
        ((), 2, "usage: python -m datamover_operator.chores apply FILE | release"),
        (("apply", "missing.yaml"), 1, "No such file"),
        (("apply", "pod.yaml"), 1, "kind is Pod; accepted is DataMover, DataMoverRun, DataMoverAccount"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(
    kubeconfig: Path, tmp_path: Path, arguments: tuple[str, ...], status: int, complaint: str
) -> None:
    (tmp_path / "pod.yaml").write_text("kind: Pod\n")
    placed = [str(tmp_path / each) if each.endswith(".yaml") else each for each in arguments]
    done = chore(*placed, kubeconfig=kubeconfig)
    assert done.returncode == status
    assert complaint in done.stderr
