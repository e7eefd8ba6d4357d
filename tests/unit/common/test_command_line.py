"""Every program's command line; the operator's tests go through what its settings accept."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

START = """
import sys
from {package}.__main__ import main
sys.argv[1:] = ["{argument}"]
try:
    main()
finally:
    slow = {{"aiohttp", "boto3", "botocore", "fastapi", "kopf", "kubernetes", "moto", "structlog", "uvicorn"}}
    slow.add("datamover_crds")
    sys.stderr.write(f"slow: {{sorted(slow & sys.modules.keys())}}")
"""


PROGRAMS = {
    "datamover_operator": "datamover-operator",
    "datamover_api": "datamover-api",
    "datasync_emulator": "datasync-emulator",
}
programs = pytest.mark.parametrize(("package", "program"), PROGRAMS.items())


def told_at_once(package: str, argument: str, code: int) -> subprocess.CompletedProcess[str]:
    """What a program says to an argument, having loaded nothing that only its work needs."""
    command = [sys.executable, "-c", START.format(package=package, argument=argument)]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr[-8:]) == (code, "slow: []")
    return told


@programs
def test_help_comes_at_once_and_in_groups(package: str, program: str) -> None:
    text = told_at_once(package, "--help", 0).stdout
    assert text.startswith(f"usage: {program} ")
    titles = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert titles[0] == "options:"
    assert len(titles) >= 4
    options, _, _ = text.partition(titles[1])
    assert options.count("  --") <= 4


@programs
def test_the_version_comes_at_once(package: str, program: str) -> None:
    assert told_at_once(package, "--version", 0).stdout == f"{program} {version('datamover-operator')}\n"


@programs
def test_a_wrong_flag_is_told_at_once(package: str, program: str) -> None:
    said = told_at_once(package, "--http-prot=80", 2).stderr
    assert program in said
