"""A steady mover is silent: no write to Kubernetes, and nothing but reads in AWS (I2)."""

from __future__ import annotations

import re
import time

import pytest

from datamover_dev.stack.operator import Operator
from tests.faults.conftest import Start
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.crowd import Crowd
from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.operator_process import metric
from tests.support.waiting import eventually

IDLE = 60.0
_WRITES = re.compile(r"apiserver_request_total\{(?P<labels>[^}]*)\} (?P<count>\S+)")


@pytest.fixture
def crowd(world: World, start_through: Start) -> Crowd:
    """Steady movers: one as it was made, one with an ended run, one that a trigger has run, one that is refused."""
    crowd = Crowd.applied(world, ("plain", "ran", "triggered", "suspended"))
    world.patch("DataMover", "triggered", {"spec": {"trigger": {"manual": "once"}}})
    world.patch(
        "DataMover", "suspended", {"spec": {"suspend": True, "schedule": {"scheduleExpression": "rate(1 hour)"}}}
    )
    world.s3_mover("refused", source="no-such-bucket", destination="no-such-either")
    return crowd


def test_idle_it_writes_nothing_anywhere(crowd: Crowd, start_through: Start, proxy: ApiProxy) -> None:
    world = crowd.world
    operator = start_through(drift_interval_seconds=10)
    _settle(crowd, proxy, operator)
    before, seq = _stored(world), world.emulator.journal()[-1]["seq"]
    counted, wrote = writes_counted(world.api), len(proxy.writes)
    sweeps = metric(operator, "datamover_aws_calls_total", operation="ListTasks")

    end = time.monotonic() + IDLE
    while time.monotonic() < end:
        assert proxy.hang_up() > 0
        eventually(lambda: proxy.watches >= 3, what="the operator watches again")
        time.sleep(IDLE / 4)

    assert [str(write) for write in proxy.writes[wrote:]] == []
    assert writes_counted(world.api) == counted
    assert _stored(world) == before
    assert world.calls(reads=False, since=seq) == []
    assert metric(operator, "datamover_aws_calls_total", operation="ListTasks") >= sweeps + IDLE / 10
    described = [call for call in world.calls(since=seq) if call == "DescribeTask"]
    assert len(described) >= 3 * len(crowd.names), "the drift interval has gone by several times"


def test_a_restart_writes_nothing_anywhere(crowd: Crowd, start_through: Start, proxy: ApiProxy) -> None:
    world = crowd.world
    first = start_through()
    _settle(crowd, proxy, first)
    assert first.terminate() == 0
    before, seq, wrote = _stored(world), world.emulator.journal()[-1]["seq"], len(proxy.writes)

    second = start_through()
    eventually(lambda: "CreateLocationS3" in world.calls(since=seq), what="what was refused is tried once more")
    eventually(lambda: "ListTasks" in world.calls(since=seq), what="a sweep")
    eventually(lambda: metric(second, "datamover_queue_depth") == 0, what="the queue is empty")
    assert [str(write) for write in proxy.writes[wrote:] if "refused" not in str(write)] == []
    assert _without_refused(_stored(world)) == _without_refused(before)
    assert set(world.calls(reads=False, since=seq)) <= {"CreateLocationS3"}


def writes_counted(api: Api) -> dict[str, float]:
    """The API server's own count of writes to our resources and to Events, by resource and verb."""
    counted: dict[str, float] = {}
    for found in _WRITES.finditer(api.text("/metrics")):
        labels = dict(re.findall(r'(\w+)="([^"]*)"', found["labels"]))
        is_ours = labels.get("group") in {"datamover.io", "events.k8s.io"}
        if is_ours and labels["verb"] in {"POST", "PUT", "PATCH", "APPLY", "DELETE", "DELETECOLLECTION"}:
            key = f"{labels['verb']} {labels['resource']} {labels.get('subresource', '')}"
            counted[key] = counted.get(key, 0) + float(found["count"])
    return counted


def _settle(crowd: Crowd, proxy: ApiProxy, operator: Operator) -> None:
    """Wait until everything is as it will stay."""
    world = crowd.world
    crowd.wait_ready()
    world.run("ran-run", "ran")
    crowd.wait_ended("ran", "triggered")
    world.wait_condition("DataMover", "refused", "Stalled")
    eventually(lambda: crowd.mover("triggered")["status"].get("lastTrigger") == "once", what="the trigger is noted")
    eventually(lambda: metric(operator, "datamover_queue_depth") == 0, what="the queue is empty")
    eventually(lambda: not _terminating(world.api), 120, what="former tests' namespaces are emptied, which counts, too")
    wait_calm(proxy)


def _terminating(api: Api) -> list[str]:
    found = api.get("/api/v1/namespaces")["items"]
    return [each["metadata"]["name"] for each in found if each["status"]["phase"] == "Terminating"]


def wait_calm(proxy: ApiProxy, seconds: float = 3.0) -> None:
    """Wait until the operator has written nothing for a while."""
    seen, since = -1, 0.0

    def is_calm() -> bool:
        nonlocal seen, since
        if len(proxy.writes) != seen:
            seen, since = len(proxy.writes), time.monotonic()
        return time.monotonic() - since > seconds

    eventually(is_calm, 60, what="the operator writes no more")


def _stored(world: World) -> dict[str, str]:
    """The versions of everything that is ours, and the names of the Events on it."""
    kinds = ("DataMover", "DataMoverRun", "DataMoverAccount")
    items = [item for kind in kinds for item in world.list(kind)]
    events = world.api.get(f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events")["items"]
    return {_key(item): item["metadata"]["resourceVersion"] for item in (*items, *events)}


def _key(item: Json) -> str:
    return f"{item.get('kind', 'Event')} {item['metadata']['name']}"


def _without_refused(stored: dict[str, str]) -> dict[str, str]:
    return {key: version for key, version in stored.items() if " refused" not in key}
