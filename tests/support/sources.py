"""The product's Python, as syntax trees: for rules that hold for all of it."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from datamover_dev.paths import CHECKOUT

PACKAGES = ("crds/datamover_crds", "common/datamover_common", "operator/datamover_operator", "api/datamover_api")


@cache
def trees() -> tuple[tuple[Path, ast.Module], ...]:
    """Each module with its path."""
    files = sorted(path for package in PACKAGES for path in (CHECKOUT / package).rglob("*.py"))
    return tuple((path, ast.parse(path.read_text())) for path in files)
