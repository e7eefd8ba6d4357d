"""The operator's writes to a real API server: each a compare-and-swap, each counted, refused ones too."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from datamover_common.kube.client import KubeClient
from datamover_common.kube.errors import KubeError
from datamover_common.kube.objects import metadata_of
from datamover_common.tasks import Background
from datamover_crds import JsonObject
from datamover_operator.controller.context import AnyKind
from datamover_operator.kube.events import Events
from datamover_operator.kube.writer import Writer
from datamover_operator.process.metrics import Metrics
from datamover_operator.runs.kind import RUN
from tests.support.api import Api
from tests.support.api_proxy import ApiProxy
from tests.support.waiting import eventually_async

KIND = RUN


class Heard:
    """Whoever keeps what the API server has said."""

    def __init__(self) -> None:
        self.told: list[str] = []

    def expect(self, kind: AnyKind, raw: JsonObject) -> None:
        self.told.append("expect")

    def wrote(self, kind: AnyKind, raw: JsonObject) -> None:
        self.told.append("wrote")

    def found(self, kind: AnyKind, raw: JsonObject) -> None:
        self.told.append("found")

    def gone(self, kind: AnyKind, namespace: str, name: str) -> None:
        self.told.append(f"gone {namespace}/{name}")


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def writer(client: KubeClient, heard: Heard, metrics: Metrics) -> Writer:
    return Writer(client, heard, metrics)


def counted(metrics: Metrics, kind: str = "DataMoverRun") -> dict[tuple[str, str], int]:
    """Writes by verb and result."""
    samples = (sample for family in metrics.registry.collect() for sample in family.samples)
    ours = [
        each for each in samples if each.name == "datamover_kubernetes_writes_total" and each.labels["kind"] == kind
    ]
    return {(each.labels["verb"], each.labels["result"]): int(each.value) for each in ours}


def a_run(name: str = "r") -> JsonObject:
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": KIND.name,
        "metadata": {"name": name},
        "spec": {"moverRef": {"name": "m"}},
    }


async def test_every_write_is_counted_by_how_it_ended(writer: Writer, namespace: str, metrics: Metrics) -> None:
    made = await writer.create(KIND, namespace, a_run())
    with pytest.raises(KubeError, match="AlreadyExists"):
        await writer.create(KIND, namespace, a_run())
    changed = await writer.status(KIND, made, {"phase": "Pending"})
    assert await writer.status(KIND, changed, {"phase": "Pending"}) is changed, "nothing to write"
    with pytest.raises(KubeError, match="Conflict"):
        await writer.status(KIND, made, {"phase": "Queued"})
    await writer.delete(KIND, namespace, "r", str(metadata_of(made)["uid"]))
    await writer.delete(KIND, namespace, "r", str(metadata_of(made)["uid"]))
    assert counted(metrics) == {
        ("create", "ok"): 1,
        ("create", "AlreadyExists"): 1,
        ("patch", "ok"): 1,
        ("patch", "Conflict"): 1,
        ("delete", "ok"): 1,
        ("delete", "NotFound"): 1,
    }


async def test_a_write_whose_answer_is_lost_is_counted_too(
    writer: Writer, namespace: str, metrics: Metrics, proxy: ApiProxy
) -> None:
    hold = proxy.hold(lambda write: write.method == "POST", "after")
    creating = asyncio.create_task(writer.create(KIND, namespace, a_run()))
    await asyncio.to_thread(hold.wait_held)
    hold.release(drop=True)
    with pytest.raises(KubeError) as caught:
        await creating
    assert (caught.value.status, caught.value.reason) == (0, "Unreachable")
    assert counted(metrics) == {("create", "Unreachable"): 1}


async def test_another_object_of_the_name_is_not_deleted(writer: Writer, namespace: str, heard: Heard) -> None:
    await writer.create(KIND, namespace, a_run())
    await writer.delete(KIND, namespace, "r", "00000000-0000-0000-0000-000000000000")
    assert await writer.read(KIND, namespace, "r") is not None
    assert heard.told == ["wrote", "found"]


async def test_who_keeps_the_state_hears_of_what_is_gone(writer: Writer, namespace: str, heard: Heard) -> None:
    assert await writer.read(KIND, namespace, "never") is None
    await writer.delete(KIND, namespace, "never", "no-uid")
    assert heard.told == [f"gone {namespace}/never"] * 2


async def test_events_are_written_in_order_and_one_that_is_refused_holds_up_none(
    api: Api, client: KubeClient, namespace: str, metrics: Metrics
) -> None:
    events = Events(client, "operator-1", lambda: datetime(2026, 1, 1, tzinfo=UTC), metrics)
    here = {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMover",
        "metadata": {"name": "m", "namespace": namespace},
    }
    nowhere: Any = here | {"metadata": {"name": "m", "namespace": "no-such-namespace"}}
    events.tell(nowhere, "Lost", "nobody reads it", warning=False)
    events.tell(here, "Created", "x" * 5000, warning=False)  # type: ignore[arg-type]
    events.tell(here, "Refused", "AWS says no", warning=True)  # type: ignore[arg-type]

    async def written() -> list[dict[str, Any]]:
        items = api.get(f"/apis/events.k8s.io/v1/namespaces/{namespace}/events")["items"]
        return sorted(items, key=lambda item: item["metadata"]["name"]) if len(items) == 2 else []

    async def are_counted() -> bool:
        return counted(metrics, "Event") == {("create", "ok"): 2, ("create", "NotFound"): 1}

    async with Background().running(events.write_forever(), "events"):
        found = await eventually_async(written)
        await eventually_async(are_counted)
    assert [(each["reason"], each["type"]) for each in found] == [("Created", "Normal"), ("Refused", "Warning")]
    assert found[0]["note"] == "x" * 1024
    assert {each["regarding"]["name"] for each in found} == {"m"}
