"""The Grafana dashboard: by Grafana's own schema, by Prometheus' parser, and by the series that there are."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from datamover_api.metrics import Metrics as ApiMetrics
from datamover_dev.controlplane.binaries import locate
from datamover_dev.controlplane.programs import DASHBOARD_CHECK
from datamover_dev.paths import CHART
from datamover_operator.process.metrics import Metrics

FILES = CHART / "files" / "monitoring"
TEXT = (FILES / "dashboard.json").read_text()
Json = dict[str, Any]
DASHBOARD: Json = json.loads(TEXT)
PANELS: list[Json] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__rate_interval": "5m", "$__range": "1d"}


def checked(text: str) -> str:
    """What Grafana's schema says against a dashboard; empty: nothing."""
    program = locate([DASHBOARD_CHECK])[DASHBOARD_CHECK.name]
    done = subprocess.run([program], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) == (done.stderr == "")
    return done.stderr


def test_it_is_a_dashboard_by_grafanas_schema() -> None:
    assert checked(TEXT) == ""


@pytest.mark.parametrize(
    ("right", "wrong", "complaint"),
    [
        ('"drawStyle":', '"drawStile":', "unexpected field 'drawStile'"),
        ('"schemaVersion": 39', '"schemaVersion": "new"', "schemaVersion: "),
        ('"wideLayout": true,', "", "wideLayout: required field is missing"),
    ],
)
def test_what_does_not_fit_the_schema_is_noticed(right: str, wrong: str, complaint: str) -> None:
    assert right in TEXT
    assert complaint in checked(TEXT.replace(right, wrong))


def test_every_panel_says_what_it_shows_and_has_a_place_of_its_own() -> None:
    assert {panel["type"] for panel in PANELS} == {"stat", "table", "timeseries"}
    assert [panel["title"] for panel in PANELS if not panel.get("description", "").endswith(".")] == []
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    cells = [cell for panel in DASHBOARD["panels"] for cell in cells_of(panel["gridPos"])]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def cells_of(grid: dict[str, int]) -> Iterator[tuple[int, int]]:
    for x in range(grid["x"], grid["x"] + grid["w"]):
        for y in range(grid["y"], grid["y"] + grid["h"]):
            yield x, y


def test_it_begins_with_what_failed_and_can_be_narrowed_to_a_mover() -> None:
    assert [panel["title"] for panel in DASHBOARD["panels"]][:2] == [
        "What needs attention",
        "Movers whose last run failed",
    ]
    assert [each["name"] for each in DASHBOARD["templating"]["list"]] == ["datasource", "namespace", "mover"]
    by_mover = re.compile(r"datamover_(mover|last|next|run|runs|bytes|table_sync)_[a-z_]+(?!\w)(\{[^}]*\})?")
    for panel in PANELS:
        for expression in expressions(panel):
            for found in by_mover.finditer(expression):
                if "_created" not in found[0]:
                    assert 'namespace=~"$namespace"' in (found[2] or ""), (panel["title"], found[0])


def expressions(panel: Json) -> list[str]:
    return [target["expr"] for target in panel["targets"]]


@pytest.mark.skipif(
    shutil.which("promtool") is None and "CI" not in os.environ,
    reason="promtool is not installed; on Debian: apt-get install --no-install-recommends prometheus",
)
def test_prometheus_understands_every_query(tmp_path: Path) -> None:
    rules = []
    for panel in PANELS:
        for number, expression in enumerate(expressions(panel)):
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)  # noqa: PLW2901
            rules.append({"record": f"panel:{panel['id']}:query_{number}", "expr": expression})
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    command = ["promtool", "check", "rules", str(tmp_path / "rules.yaml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dashboard_and_alerts_ask_for_series_that_there_are() -> None:
    served = {
        sample
        for registry in (Metrics().registry, ApiMetrics().registry)
        for metric in registry.collect()
        for ending in ("", "_total", "_created", "_bucket", "_count", "_sum")
        for sample in (f"{metric.name}{ending}",)
    }
    asked = {name for path in FILES.iterdir() for name in re.findall(r"\bdatamover_[a-z_]+", path.read_text())}
    assert asked
    assert asked <= served
