"""What a console is shown of a failure."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import structlog
from {package}.logs import configure

def fail(token):
    raise ValueError("a mistake of ours")

configure("console", "info")
try:
    fail("hush-" * 3)
except ValueError:
    structlog.get_logger("ours").exception("failed")
"""


@pytest.mark.parametrize("package", ["datamover_api", "datamover_operator.process"])
def test_a_console_is_shown_no_local_variables(package: str) -> None:
    """They may hold a token, and rich, where it is installed, shows them."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM.format(package=package)]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "a mistake of ours" in told.stderr
    assert "hush-hush" not in told.stderr
