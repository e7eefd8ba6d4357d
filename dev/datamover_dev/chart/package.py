"""Package the chart, as `helm push` publishes it and `helm install` takes it."""

from __future__ import annotations

from pathlib import Path

from datamover_dev.chart.helm import helm
from datamover_dev.paths import CHART


def package(folder: Path) -> Path:
    """Lint the chart and package it into `folder`; return the package's path.

    Raises:
        SetupError: helm found something wrong, and says what.
    """
    helm("lint", "--strict", CHART)
    told = helm("package", CHART, "--destination", folder)
    return Path(told.rpartition(": ")[2].strip())
