"""When the tests on a real node run, are skipped, or have to run and can't."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from datamover_dev.node import programs
from datamover_dev.paths import CHECKOUT
from tests.node.conditions import Lacking, Machine, reason_to_skip


@pytest.mark.parametrize(
    ("lacking", "denied", "in_ci", "reason"),
    [
        ("", "", False, ""),
        ("", "", True, ""),
        ("no root", "", False, "no root"),
        ("no root", "no mounts", False, "no root"),
        ("", "no mounts", False, "no mounts"),
        ("", "no mounts", True, "no mounts"),
    ],
)
def test_tests_are_skipped_with_the_reason(lacking: str, denied: str, in_ci: bool, reason: str) -> None:
    assert reason_to_skip(Machine(lacking, denied, in_ci)) == reason


@pytest.mark.parametrize("denied", ["", "no mounts"])
def test_in_ci_nothing_is_skipped_that_can_be_had(denied: str) -> None:
    with pytest.raises(Lacking, match="no containerd"):
        reason_to_skip(Machine("no containerd", denied, in_ci=True))


def test_what_is_lacking_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert "needs root" in programs.lacking()
    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "apt-get install --no-install-recommends containerd" in programs.lacking()


def test_what_a_machine_denies_is_told_by_its_own_words(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "try.sh").write_text("#!/bin/sh\necho 'a bridge: not\n permitted' >&2\nexit 1\n")
    (tmp_path / "try.sh").chmod(0o755)
    monkeypatch.setattr(programs, "_FOLDER", tmp_path)
    monkeypatch.setattr(programs, "CGROUP_1", tmp_path)
    assert programs.denied().endswith("a bridge: not permitted")
    monkeypatch.setattr(programs, "CGROUP_1", tmp_path / "none")
    assert "cgroup 2 alone" in programs.denied()


def test_the_gate_gives_itself_the_nodes_packages() -> None:
    gate = (CHECKOUT / ".ci" / "run").read_text()
    assert set(programs.PACKAGES.split()) <= set(re.split(r"[\s:]+", gate))
