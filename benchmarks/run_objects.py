"""Runs as a user would create them."""

from __future__ import annotations

from benchmarks.arena import NAMESPACE
from benchmarks.cluster_client import MOVERS, Json

RUNS = MOVERS.format(namespace=NAMESPACE).removesuffix("s") + "runs"
"""Their collection."""


def run_of(mover: str, name: str) -> Json:
    """A run of this mover."""
    spec = {"moverRef": {"name": mover}}
    return {"apiVersion": "datamover.io/v1alpha1", "kind": "DataMoverRun", "metadata": {"name": name}, "spec": spec}
