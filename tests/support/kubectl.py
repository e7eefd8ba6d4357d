"""Run kubectl as a user would."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WIDEST = 160
"""Columns of a terminal on half a screen or a laptop: what `kubectl get` prints fits in."""


def check_width(printed: str) -> None:
    """Fail where a line does not fit in a terminal."""
    assert max(map(len, lines := printed.splitlines())) <= WIDEST, lines


class KubectlError(Exception):
    """kubectl failed; `str()` is what it printed on standard error."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one API server and one namespace."""

    binary: Path
    kubeconfig: Path
    namespace: str

    def __call__(self, *arguments: str, stdin: str | None = None, timeout: float = 120.0) -> str:
        """Return what `kubectl <arguments>` printed; raise KubectlError where it failed."""
        command = [str(self.binary), f"--kubeconfig={self.kubeconfig}", f"--namespace={self.namespace}", *arguments]
        done = subprocess.run(command, input=stdin or "", capture_output=True, text=True, check=False, timeout=timeout)
        if done.returncode != 0:
            raise KubectlError(done.stderr.strip())
        return done.stdout

    def apply(self, *manifests: dict[str, Any]) -> None:
        """Apply the objects server-side, as strictly as kubectl does by default."""
        documents = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=json.dumps(documents))

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return one object."""
        loaded: dict[str, Any] = json.loads(self("get", kind, name, "--output=json"))
        return loaded
