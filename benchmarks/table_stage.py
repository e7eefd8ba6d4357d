"""What the benchmarks of table syncs run on: an API server, an operator, and two PostgreSQL servers."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.cluster_client import Json
from datamover_dev.controlplane.cluster import ControlPlane
from datamover_dev.paths import CRDS
from datamover_dev.postgres.server import PostgresServer
from datamover_dev.stack.environment import aws_environment, without_foreign_settings
from datamover_dev.stack.operator import Operator

NAMESPACE = "bench"
SYNCS = f"/apis/datamover.io/v1alpha1/namespaces/{NAMESPACE}/tablesyncs"
SECRETS = f"/api/v1/namespaces/{NAMESPACE}/secrets"
_NOWHERE = "http://127.0.0.1:1"
"""No table sync needs AWS."""
_LOOK = 0.05


@dataclass(frozen=True)
class TableStage:
    """All of it, running."""

    kubeconfig: Path
    operator: Operator
    source: PostgresServer
    destination: PostgresServer

    def databases(self, name: str) -> tuple[str, str]:
        """Make a database on either server; return their URIs."""
        for server in (self.source, self.destination):
            run(server.url(), f"CREATE DATABASE {name}")
        return self.source.url(name), self.destination.url(name)


@contextmanager
def table_stage(folder: Path) -> Iterator[TableStage]:
    """Start everything.

    Raises:
        SetupError: PostgreSQL is not installed, or something does not start.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (
        ControlPlane(folder / "control-plane", crds=CRDS) as control_plane,
        PostgresServer("postgres-source", folder / "source.log") as source,
        PostgresServer("postgres-destination", folder / "destination.log") as destination,
    ):
        control_plane.kubectl("create", "namespace", NAMESPACE)
        settings = {
            "KUBECONFIG": str(control_plane.kubeconfig),
            "DATAMOVER_OPERATOR_NAMESPACE": NAMESPACE,
            "DATAMOVER_DATABASE_HOSTS": "127.0.0.1",
        }
        environment = without_foreign_settings(os.environ) | aws_environment(_NOWHERE) | settings
        operator = Operator(log=folder / "operator.log", environment=environment)
        try:
            operator.wait_until_ready()
            yield TableStage(control_plane.kubeconfig, operator, source, destination)
        finally:
            operator.terminate()


def secret(name: str, source: str, destination: str) -> Json:
    """A Secret with both URIs."""
    return {"metadata": {"name": name}, "stringData": {"source": source, "destination": destination}}


def sync(name: str, secret_name: str, table: str) -> Json:
    """A TableSync of one table, with default settings."""
    ends = {key: {"uriSecretRef": {"name": secret_name, "key": key}} for key in ("source", "destination")}
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "TableSync",
        "metadata": {"name": name},
        "spec": {**ends, "tables": [{"name": table}]},
    }


def run(url: str, *statements: str) -> None:
    """Send statements, each in a transaction of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in statements:
            connection.execute(statement.encode())


def value(connection: psycopg.Connection[tuple[object, ...]], query: str) -> object:
    """The first column of the first row."""
    row = connection.execute(query.encode()).fetchone()
    return row[0] if row is not None else None


def until_copied(url: str, tables: int, patience: float) -> None:
    """Wait until so many tables of the database's subscriptions are copied and follow.

    Raises:
        TimeoutError: they are not within `patience` seconds.
    """
    deadline = time.monotonic() + patience
    with psycopg.connect(url, autocommit=True) as connection:
        while value(connection, "SELECT count(*) FROM pg_subscription_rel WHERE srsubstate = 'r'") != tables:
            if time.monotonic() > deadline:
                raise TimeoutError(f"not copied after {patience:.0f} s")
            time.sleep(_LOOK)
