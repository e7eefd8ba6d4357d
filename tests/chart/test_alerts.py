"""The alerts, by Prometheus' own tool."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from datamover_dev.paths import CHART
from tests.support.helm import render

ALERTS = CHART / "files" / "monitoring" / "alerts.yaml"
CASES = Path(__file__).parent / "alerts_test.yaml"

pytestmark = pytest.mark.skipif(
    shutil.which("promtool") is None and "CI" not in os.environ,
    reason="promtool is not installed; on Debian: apt-get install --no-install-recommends prometheus",
)


def promtool(*arguments: str, folder: Path) -> str:
    done = subprocess.run(["promtool", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_rules_are_well_formed(tmp_path: Path) -> None:
    assert "SUCCESS" in promtool("check", "rules", str(ALERTS), folder=tmp_path)


def test_each_alert_fires_when_it_should_and_only_then(tmp_path: Path) -> None:
    shutil.copy(ALERTS, tmp_path)
    shutil.copy(CASES, tmp_path)
    promtool("test", "rules", CASES.name, folder=tmp_path)
    tested = {
        each["alertname"] for group in yaml.safe_load(CASES.read_text())["tests"] for each in group["alert_rule_test"]
    }
    rules = yaml.safe_load(ALERTS.read_text())["groups"][0]["rules"]
    assert tested == {rule["alert"] for rule in rules if "alert" in rule}


def test_the_chart_holds_the_rules_that_are_tested_here() -> None:
    (rule,) = render({"metrics": {"prometheusRule": {"enabled": True}}}, only=["monitoring/rules.yaml"])
    assert rule["spec"] == yaml.safe_load(ALERTS.read_text())
