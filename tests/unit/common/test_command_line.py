"""Every program's command line; the operator's tests go through what its settings accept."""

from __future__ import annotations

import subprocess
import sys

import pytest

HELP = """
import sys
from {package}.__main__ import main
sys.argv[1:] = ["--help"]
try:
    main()
finally:
    slow = {{"aiohttp", "boto3", "botocore", "datamover_crds", "fastapi", "kopf", "kubernetes", "structlog", "uvicorn"}}
    sys.stderr.write(" ".join(sorted(slow & sys.modules.keys())))
"""


@pytest.mark.parametrize("package", ["datamover_operator", "datamover_api"])
def test_help_does_not_wait_for_what_only_the_work_needs(package: str) -> None:
    command = [sys.executable, "-c", HELP.format(package=package)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (0, "")
    assert "--log-level" in told.stdout
