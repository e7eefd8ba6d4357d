"""Where PostgreSQL is missing, the demo says what to install, and goes on."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest

from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.demo.tables import show_tables
from datamover_dev.errors import SetupError
from datamover_dev.postgres import programs


def test_the_demo_goes_on_without_postgresql(capsys: pytest.CaptureFixture[str]) -> None:
    show_tables(cast("ControlPlane", None), {})
    assert "apt-get install postgresql" in capsys.readouterr().out


def test_a_server_that_is_not_there_is_told_with_its_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(programs, "_DEBIAN", tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert not programs.is_installed()
    with pytest.raises(SetupError, match="apt-get install postgresql"):
        programs.programs()
