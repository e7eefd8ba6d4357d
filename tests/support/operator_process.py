"""Run the operator as a process of its own, as a cluster does: it can be killed, restarted and run twice."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from pathlib import Path

import urllib3

from datamover_dev.stack.environment import without_foreign_settings
from datamover_dev.stack.operator import Operator
from tests.support.forked import forked

QUICK: Mapping[str, object] = {
    "run_poll_interval_seconds": 0.2,
    "run_status_pace_seconds": 0,
    "sweep_interval_seconds": 1,
    "lease": False,
}
"""Settings that let tests end soon; each test may say otherwise."""

TRUST_NOBODY = {"SSL_CERT_FILE": os.devnull, "SSL_CERT_DIR": os.devnull}
"""In place of the system's authorities: a client that is led through a proxy without TLS would read all 140 of them."""

START_PATIENCE_S = 240.0
"""Starting takes seconds; on a machine that is ten times too busy, minutes."""


class Operators:
    """Starts operators against one API server, one namespace and one emulator, and stops them all at the end."""

    def __init__(self, kubeconfig: Path, namespace: str, aws: Mapping[str, str], folder: Path) -> None:
        self.kubeconfig = kubeconfig
        self._base = without_foreign_settings(os.environ) | dict(aws) | {"KUBECONFIG": str(kubeconfig)} | TRUST_NOBODY
        self._defaults = {"namespaces": namespace, "operator_namespace": namespace, **QUICK}
        self._folder = folder
        self._ahead = timedelta()
        self.started: list[Operator] = []

    def __call__(self, *, wait: bool = True, kubeconfig: Path | None = None, **settings: object) -> Operator:
        """Start one more operator with these settings (`settling_seconds=1`), ready unless `wait` is false.

        It has the rights that the chart grants in this namespace, or those of the user of `kubeconfig`.
        """
        merged = {f"DATAMOVER_{name.upper()}": _text(value) for name, value in (self._defaults | settings).items()}
        log = self._folder / f"operator-{len(self.started) + 1}.log"
        whose = {"KUBECONFIG": str(kubeconfig)} if kubeconfig else {}
        operator = Operator(log=log, environment=self._base | merged | whose, start=partial(forked, ahead=self._ahead))
        self.started.append(operator)
        if wait:
            operator.wait_until_ready(START_PATIENCE_S)
        return operator

    def lead_through(self, kubeconfig: Path) -> None:
        """Give those that start from now on another way to the API server."""
        self._base["KUBECONFIG"] = str(kubeconfig)

    def be_ahead(self, **of_the_machine: float) -> None:
        """Let those that start from now on live in a later time, as after a long absence: `be_ahead(minutes=66)`."""
        self._ahead = timedelta(**of_the_machine)

    def know_models(self, folder: Path) -> None:
        """Let the SDK of those that start from now on know what the AWS service models in a folder say, too."""
        self._base["AWS_DATA_PATH"] = str(folder)

    def stop(self) -> None:
        """End all of them as a cluster does: SIGTERM, and SIGKILL after a while."""
        for operator in self.started:
            operator.terminate()

    def logs(self) -> str:
        """What all of them logged, for the report of a failed test."""
        parts = [
            f"--- {operator.log.name} (exit code {operator.exit_code})\n{operator.tail(200)}"
            for operator in self.started
        ]
        return "\n".join(parts)


def metric(operator: Operator, name: str, **labels: str) -> float:
    """Return the sum of a metric's samples that bear these labels, as the operator serves them; 0 where none does."""
    text = urllib3.request("GET", f"{operator.url}/metrics").data.decode()
    return sum_samples(text, name, labels)


def sum_samples(text: str, name: str, labels: Mapping[str, str]) -> float:
    """Return the sum of the samples of a metric that bear these labels, in Prometheus' text format."""
    total = 0.0
    for line in text.splitlines():
        match = re.fullmatch(r"([A-Za-z_:][\w:]*)(?:\{(.*)\})? (\S+)", line)
        if match is not None and match[1] == name:
            borne = dict(re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            if labels.items() <= borne.items():
                total += float(match[3])
    return total


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
