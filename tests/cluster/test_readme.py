"""The README is true: its commands run, its manifest is accepted, its output is what is printed."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from datamover_dev.paths import CHECKOUT
from datamover_dev.stack.environment import without_foreign_settings
from tests.support.kubectl import Kubectl

README = (CHECKOUT / "README.md").read_text()
PROGRESS = re.compile(
    r"\s+[\d.]+ s +(library-to-\S+ +(Pending|Launching|Preparing|Transferring|Verifying)|Pending|Copying|CatchingUp)\b"
    r"|\s+[\d,]+ of [\d,]+$|  (pending|running), \d+ %$"
)
"""Which of these lines are printed depends on the machine's speed."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def block(language: str, beginning: str) -> str:
    return next(text for text in blocks(language) if text.startswith(beginning))


def shell(commands: str, local: Path, timeout: float) -> subprocess.CompletedProcess[str]:
    """Run commands as a reader would, in the .venv that we are in, with the stack's state in a folder of its own."""
    environment = without_foreign_settings(os.environ) | {"LOCAL": str(local), "SET_UP": ""}
    for name in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS"):  # these tests may run under `make test`
        environment.pop(name, None)
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", commands.replace(".local/", f"{local}/")],
        cwd=CHECKOUT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def shape(line: str) -> str:
    """A line without what differs from run to run: ids, numbers, durations, widths of columns."""
    ids = r"exec-[0-9a-f]{17}|sync_[0-9a-z]{12}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    named = re.sub(ids, "ID", line)
    return re.sub(r"\s+", " ", re.sub(r"\d[\d,.]*", "N", named)).strip()


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    shell("make down", tmp_path, timeout=120)


def test_the_demo_prints_what_the_readme_shows(local: Path) -> None:
    done = shell(block("sh", "make demo"), local, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = [line for line in block("text", "Starting the stack").splitlines() if not PROGRESS.match(line)]
    printed = [line for line in done.stdout.splitlines() if not PROGRESS.match(line)]
    assert sorted(map(shape, printed)) == sorted(map(shape, shown))  # two runs may end in either order
    assert list(local.iterdir()) == []


def variables(printed: str) -> dict[str, str]:
    """What `env` printed."""
    return dict(line.split("=", 1) for line in printed.splitlines() if "=" in line)


def test_the_walk_through_runs_to_its_end(local: Path) -> None:
    done = shell(f"env\necho ---\n{block('sh', 'make up')}\nenv", local, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    before, left = variables(done.stdout.partition("---\n")[0]), variables(done.stdout.partition("Stopped.\n")[2])
    assert left.keys() == before.keys(), "the shell is as it was before"
    assert {name for name, value in left.items() if f"{local}/" in value} <= {"PATH"}
    for line in block("text", "  etcd").splitlines():
        assert shape(line.replace(".local/", f"{local}/")) in map(shape, done.stdout.splitlines())
    for told in (
        "datamoverrun.datamover.io/library-to-efs-1 condition met",
        "Events:",
        "overwriteMode",
        "Stopped.",
        '"AVAILABLE"',
    ):
        assert told in done.stdout


def test_the_explained_manifest_is_accepted(kubectl: Kubectl) -> None:
    (manifest,) = blocks("yaml")
    in_our_namespace = manifest.replace("namespace: team-a", f"namespace: {kubectl.namespace}")
    assert in_our_namespace != manifest
    applied = kubectl("apply", "--server-side", "--dry-run=server", "-f", "-", stdin=in_our_namespace)
    assert "datamover.datamover.io/nightly-reports serverside-applied" in applied


def test_the_samples_are_accepted(kubectl: Kubectl) -> None:
    applied = kubectl("apply", "--server-side", "--dry-run=server", "--namespace=default", "-f", "config/samples")
    manifests = "".join(path.read_text() for path in (CHECKOUT / "config" / "samples").iterdir())
    assert len(applied.splitlines()) == len(re.findall("^kind: ", manifests, re.MULTILINE))


def test_every_linked_file_and_named_make_target_is_there() -> None:
    for target in re.findall(r"\]\((?!https:)([^)]+)\)", README):
        assert (CHECKOUT / target).exists(), target
    makefile = (CHECKOUT / "Makefile").read_text()
    for target in re.findall(r"^\s*make (\w+)$", "\n".join(blocks("sh")), re.MULTILINE):
        assert f"\n{target}:" in makefile, target
