"""The benchmark runs, and a mover from apply to Ready costs no more writes and AWS calls than it needs."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import cast

import pytest

from benchmarks.__main__ import main
from benchmarks.cluster_client import ClusterClient
from benchmarks.movers_ready import NEEDED
from benchmarks.operated import Operated, OperatorEndedError
from datamover_dev.postgres.programs import is_installed
from datamover_dev.processes import Managed
from datamover_dev.stack.operator import Operator

MOVERS = 3


def test_a_mover_costs_five_writes_and_the_aws_calls_that_it_needs(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    out.write_text('{"copying": null}')
    main(["--only", "movers_ready", "--movers", str(MOVERS), "--rounds", "1", "--out", str(out)])

    written = json.loads(out.read_text())
    assert written.keys() == {"copying", "movers_ready"}
    found = written["movers_ready"]
    assert found["movers"] == MOVERS
    assert found["operator_s"] > 0
    assert found["floor_s"] > 0
    assert found["ratio"] > 0
    assert found["rss_mib"] > 0
    assert found["kubernetes_writes_per_mover"] <= 5
    assert found["events_per_mover"] <= 3
    assert found["aws_calls"] == {operation: MOVERS * count for operation, count in NEEDED.items()}
    assert found["aws_calls_per_mover"] == found["aws_calls_needed_per_mover"]


def test_movers_at_once_are_ready_and_cost_nothing_after_a_restart(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--only", "many_movers", "--crowd", str(MOVERS), "--out", str(out)])

    found = json.loads(out.read_text())["many_movers"]
    assert found["movers"] == MOVERS
    assert found["probe_p50_ms"] > 0
    assert found["loop_delay_p50_at_most_s"] > 0
    assert found["writes_after_restart"] == 0


async def test_an_operator_that_ends_is_noticed_at_once(tmp_path: Path) -> None:
    ended = Managed("operator", ["/bin/sh", "-c", "echo no space left; exit 3"], log=tmp_path / "log")
    operated = Operated(cast("Operator", ended), cast("ClusterClient", None))
    with pytest.raises(OperatorEndedError, match=r"(?s)exit code 3.*no space left"):
        await operated.while_alive(asyncio.sleep(60))


_with_hey = pytest.mark.skipif(
    shutil.which("hey") is None and "CI" not in os.environ,
    reason="hey is not installed; on Debian: apt-get install --no-install-recommends hey",
)


@_with_hey
def test_reads_by_rest_ask_the_api_server_nothing(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--only", "rest", "--movers", str(MOVERS), "--rounds", "1", "--seconds", "1", "--out", str(out)])

    found = json.loads(out.read_text())["rest"]
    assert found["kubernetes_reads"] == 0
    assert [route["name"] for route in found["routes"]] == ["list", "show", "runs", "run"]
    assert all(route["service"]["failed"] == 0 for route in found["routes"])
    assert all(route[side]["processor_us"] >= 0 for route in found["routes"] for side in ("service", "bare"))
    assert found["p99_ratio"] > 0
    assert found["watch_delay_p50_ms"] > 0


@_with_hey
def test_the_other_facades_serve_every_route_that_is_measured(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--only", "rest_facades", "--movers", str(2 * MOVERS), "--rounds", "1", "--seconds", "1", "--out", str(out)])

    found = json.loads(out.read_text())["rest_facades"]
    assert found["resources"] == 2 * MOVERS
    assert len(found["routes"]) == 6
    assert all(route[side]["failed"] == 0 for route in found["routes"] for side in ("service", "bare"))
    assert found["p99_ratio"] == max(route["p99_ratio"] for route in found["routes"]) > 0


def test_a_long_history_is_read_back_from_the_rest_service(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--only", "rest_runs", "--runs", "300", "--out", str(out)])

    found = json.loads(out.read_text())["rest_runs"]
    assert found["runs"] == 300
    assert found["rss_mib"] > 0
    assert found["read_p99_ms"] >= found["read_p50_ms"] > 0


@pytest.mark.skipif(not is_installed() and "CI" not in os.environ, reason="PostgreSQL's server is not installed")
def test_tables_are_copied_and_followed_beside_a_bare_subscription(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--only", "table_copies", "--rows", "1000", "--rounds", "1", "--out", str(out)])
    main(["--only", "table_latency", "--commits", "20", "--out", str(out)])

    found = json.loads(out.read_text())
    assert all(found["table_copies"][f"{way}_s"] > 0 for way in ("sync", "bare", "dump"))
    assert 0 < found["table_latency"]["sync_p50_ms"] <= found["table_latency"]["sync_p99_ms"]
