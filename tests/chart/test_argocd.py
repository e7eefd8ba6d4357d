"""The health check for Argo CD, by a Lua interpreter: what it says of objects as the operator leaves them."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import Any

import pytest

from datamover_dev.paths import CHART

LUA = shutil.which("lua5.4") or shutil.which("lua")
SCRIPT = (CHART / "files" / "argocd" / "health.lua").read_text()

pytestmark = pytest.mark.skipif(
    LUA is None and "CI" not in os.environ, reason="Lua is not installed; on Debian: apt-get install lua5.4"
)


def literal(value: Any) -> str:  # noqa: ANN401 - any JSON
    """JSON as Lua."""
    match value:
        case dict():
            return "{" + ", ".join(f'["{name}"] = {literal(item)}' for name, item in value.items()) + "}"
        case list():
            return "{" + ", ".join(map(literal, value)) + "}"
        case bool():
            return str(value).lower()
        case None:
            return "nil"
        case str():
            return f'"{value}"'
    return str(value)


def health(obj: dict[str, Any]) -> tuple[str, str]:
    """Run the script as Argo CD does, with the object as the global `obj`."""
    assert LUA is not None
    program = f"obj = {literal(obj)}\nlocal h = (function()\n{SCRIPT}\nend)()\nprint(h.status)\nprint(h.message or '')"
    done = subprocess.run([LUA, "-"], input=program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    status, message, *_ = [*done.stdout.split("\n"), ""]
    return status, message


def mover(generation: int, **conditions: tuple[str, str]) -> dict[str, Any]:
    listed = [
        {"type": kind, "status": status, "message": message, "observedGeneration": 2}
        for kind, (status, message) in conditions.items()
    ]
    return {"kind": "DataMover", "metadata": {"generation": generation}, "status": {"conditions": listed}}


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        ({"kind": "DataMover", "metadata": {"generation": 1}}, ("Progressing", "Waiting for the operator")),
        (mover(2, Ready=("True", "as declared"), Stalled=("False", "")), ("Healthy", "as declared")),
        (mover(3, Ready=("True", "as declared")), ("Progressing", "Waiting for the operator")),
        (mover(2, Ready=("False", ""), Reconciling=("True", "makes the task")), ("Progressing", "makes the task")),
        (
            mover(2, Ready=("False", "no"), Stalled=("True", "refused: spec.source")),
            ("Degraded", "refused: spec.source"),
        ),
        (
            {"kind": "DataMoverRun", "metadata": {}, "status": {"phase": "Transferring"}},
            ("Progressing", "Transferring"),
        ),
        ({"kind": "DataMoverRun", "metadata": {}, "status": {"phase": "Succeeded"}}, ("Healthy", "Succeeded")),
        (
            {"kind": "DataMoverRun", "metadata": {}, "status": {"phase": "Failed", "message": "no bucket"}},
            ("Degraded", "no bucket"),
        ),
    ],
)
def test_health_is_as_the_conditions_say(obj: dict[str, Any], expected: tuple[str, str]) -> None:
    assert health(obj) == expected
