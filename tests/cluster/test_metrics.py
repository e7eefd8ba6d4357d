"""What Prometheus reads from a running operator and from a REST service, as movers, runs and accounts change."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

from prometheus_client.parser import text_string_to_metric_families

from tests.support import waiting
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.rest import Client

Read = Callable[..., float | None]
eventually = partial(waiting.eventually, timeout=120.0)


def read(url: str, name: str, **labels: str) -> float | None:
    """The value of the one series that has these labels; None where there is none."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:  # noqa: S310 - our own operator
        text = answer.read().decode()
    found = [
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    assert len(found) < 2, f"{name} {labels}"
    return found[0] if found else None


def test_metrics_tell_of_movers_runs_and_accounts_and_forget_them(world: World, operator: Operators) -> None:
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    told: Read = partial(read, operator().url)
    account = {"account": world.account, "account_id": "123456789012"}
    eventually(lambda: told("datamover_account_ready", **account) == 1)
    world.s3_mover()
    world.wait_ready()
    mover = {"namespace": world.namespace, "mover": "m"}
    eventually(lambda: told("datamover_mover_state", **mover, state="Ready") == 1)
    assert told("datamover_build_info", version=version("datamover-operator")) == 1

    with world.emulator.fault(state="TRANSFERRING", hold="before"):
        world.run("r1")
        eventually(lambda: told("datamover_run_start_timestamp_seconds", **mover, run="r1"))
        eventually(lambda: told("datamover_active_runs") == 1)
    world.wait_phase("r1", "Succeeded")
    eventually(lambda: told("datamover_run_start_timestamp_seconds", run="r1") is None)
    eventually(lambda: told("datamover_last_run", **mover, phase="Succeeded") == 1)
    assert told("datamover_run_transferred_bytes", run="r1") is None
    eventually(lambda: told("datamover_bytes_moved_total", **mover) == 5)
    duration = {"namespace": world.namespace, "phase": "Succeeded"}
    assert told("datamover_run_duration_seconds_count", **duration) == 1
    calls = {"account_id": "123456789012", "operation": "CreateTask", "result": "ok"}
    assert told("datamover_aws_calls_total", **calls) == 1

    no_grants: dict[str, object] = {"spec": {"grants": []}}
    world.patch("DataMoverAccount", world.account, no_grants)
    eventually(lambda: told("datamover_mover_state", **mover, state="Stalled") == 1)
    assert told("datamover_mover_state", **mover, state="Ready") is None
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    eventually(lambda: told("datamover_bytes_moved_total", **mover) is None)
    assert told("datamover_run_duration_seconds_count", **duration) is None
    world.delete("DataMoverAccount", world.account)
    world.wait_gone("DataMoverAccount", world.account)
    eventually(lambda: told("datamover_account_ready", **account) is None)


def test_the_rest_service_tells_its_requests_at_metrics(rest: Client) -> None:
    assert rest.get("/v1/datasync/ping").status == 200
    told = rest.send("GET", "/metrics", headers={})
    assert told.status == 200
    counted = 'datamover_api_request_seconds_count{method="GET",route="/v1/datasync/ping",status="200"}'
    assert counted in told.text
    assert rest.send("GET", "/v1/datasync/metrics", headers={}).text.count("datamover_api_request_seconds_count") >= 1
