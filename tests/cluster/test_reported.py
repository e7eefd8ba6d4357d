"""What people reported of other tools, on the whole stack."""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from typing import Any

from tests.support.api import Api
from tests.support.emulator import Emulator, Json
from tests.support.movers import NOTHING, REGION, World, condition_of
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

ACTIVE = ("Launching", "Preparing", "Transferring")
TEMPORARY = {"FilterType": "SIMPLE_PATTERN", "Value": "*.tmp"}


def mover(world: World) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    return found


def phases(world: World) -> dict[str, str]:
    """The runs that there are, by their tokens where a token made them."""
    return {each["metadata"]["name"]: each.get("status", {}).get("phase", "") for each in world.list("DataMoverRun")}


def started(world: World) -> list[Json]:
    return [each["params"] for each in world.emulator.journal(operation="StartTaskExecution")]


def test_runs_that_people_declare_stay_and_those_of_tokens_are_history(ready: World) -> None:
    """GitOps would apply a pruned one again, and it would transfer again."""
    ready.patch("DataMover", "m", {"spec": {"runHistory": {"limit": 0}}})
    for name in ("one", "two"):
        ready.run(name)
        ready.wait_phase(name, "Succeeded")
    ready.patch("DataMover", "m", {"spec": {"trigger": {"manual": "now"}}})
    eventually(lambda: len(started(ready)) == 3, what="the token's run has started")
    eventually(lambda: phases(ready) == {"one": "Succeeded", "two": "Succeeded"}, what="the token's run is pruned")


def test_of_tokens_that_come_during_a_run_the_last_one_runs_after_it(ready: World) -> None:
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("long")
        ready.wait_phase("long", *ACTIVE)
        for token in ("first", "last"):
            ready.patch("DataMover", "m", {"spec": {"trigger": {"manual": token}}})
            eventually(lambda: mover(ready)["status"].get("lastTrigger") == token, what="the token is taken")  # noqa: B023
    eventually(lambda: list(phases(ready).values()).count("Succeeded") == 2, what="one more run")
    assert len(started(ready)) == 2


def test_a_mover_that_asks_for_it_queues_its_runs_and_the_last_to_end_is_the_last_run(ready: World) -> None:
    """The queued run is much shorter than the one that it waits for: its end is the one that DataSync tells."""
    ready.patch("DataMover", "m", {"spec": {"options": {"taskQueueing": "ENABLED"}}})
    ready.wait_ready()
    with ready.emulator.fault(state="TRANSFERRING", hold="before"):
        ready.run("long")
        ready.wait_phase("long", *ACTIVE)
        ready.run("short")
        ready.wait_phase("short", "Queued")
    ended = {name: ready.wait_phase(name, "Succeeded")["status"] for name in ("long", "short")}
    described = {
        name: ready.aws("datasync").describe_task_execution(TaskExecutionArn=its["executionArn"])
        for name, its in ended.items()
    }
    for name, its in ended.items():
        assert its["completionTime"][:19] == described[name]["EndTime"].strftime("%Y-%m-%dT%H:%M:%S")
    assert ended["long"]["completionTime"] <= ended["short"]["completionTime"]
    eventually(lambda: mover(ready)["status"]["lastRun"]["name"] == "short", what="the last run")


def test_a_task_that_is_replaced_hands_on_what_the_spec_does_not_set(ready: World) -> None:
    datasync, before = ready.aws("datasync"), mover(ready)["status"]["taskArn"]
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:transfers"
    datasync.update_task(
        TaskArn=before,
        Excludes=[TEMPORARY],
        CloudWatchLogGroupArn=group,
        Options={"OverwriteMode": "NEVER", "VerifyMode": "NONE"},
    )
    ready.bucket("other")
    ready.patch("DataMover", "m", {"spec": {"source": {"s3": {"s3BucketArn": "arn:aws:s3:::other"}}}})
    after = ready.wait_ready()["status"]["taskArn"]
    assert after != before
    described = datasync.describe_task(TaskArn=after)
    assert described["Excludes"] == [TEMPORARY]
    assert described["CloudWatchLogGroupArn"].removesuffix(":*") == group
    assert (described["Options"]["OverwriteMode"], described["Options"]["VerifyMode"]) == ("NEVER", "NONE")


def test_an_empty_filter_of_a_run_lifts_the_movers(ready: World) -> None:
    ready.aws("s3").put_object(Bucket="src", Key="b.tmp", Body=b"bravo")
    ready.patch("DataMover", "m", {"spec": {"excludes": [{"value": "*.tmp"}]}})
    ready.wait_ready()
    ready.run("filtered")
    ready.wait_phase("filtered", "Succeeded")
    assert set(ready.objects("dst")) == {"a.txt"}
    ready.run("all", excludes=[])
    ready.wait_phase("all", "Succeeded")
    assert set(ready.objects("dst")) == {"a.txt", "b.tmp"}


def test_a_log_group_that_stays_empty_is_told_of(ready: World) -> None:
    group = f"arn:aws:logs:{REGION}:123456789012:log-group:transfers"
    ready.patch("DataMover", "m", {"spec": {"cloudWatchLogGroupArn": group}})

    def is_told() -> bool:
        told = condition_of(mover(ready), "Ready")
        assert told is not None
        return told["status"] == "True" and "spec.options.logLevel" in told["message"]

    eventually(is_told, what="the condition says so")
    eventually(lambda: any("spec.options.logLevel" in note for note in _notes(ready)), what="an Event says so")
    ready.patch("DataMover", "m", {"spec": {"options": {"logLevel": "BASIC"}}})
    eventually(lambda: not is_told(), what="all is well")


def test_a_namespace_that_took_its_operator_along_is_finished_by_another_one(
    api: Api, emulator: Emulator, namespace: str, operator: Operators, kubeconfig: Path
) -> None:
    """As docs/install.md says: the first operator ends with the namespace, before the mover has gone."""
    world = World(api, emulator, namespace)
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    first = operator(kubeconfig=kubeconfig)
    world.s3_mover()
    world.wait_ready()
    first.terminate()
    api.delete(f"/api/v1/namespaces/{namespace}")
    eventually(lambda: "deletionTimestamp" in mover(world)["metadata"], what="the mover waits for an operator")
    operator(kubeconfig=kubeconfig, operator_namespace="default", lease_name=f"rescue-{namespace}")
    world.wait_gone("DataMover", "m")
    assert world.leftovers() == NOTHING
    eventually(lambda: world.get_at(f"/api/v1/namespaces/{namespace}") is None, 120, what="the namespace goes")


def test_a_new_task_that_is_unavailable_on_its_way_is_no_mistake_unless_it_stays_so(
    world: World, operator: Operators
) -> None:
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    operator()
    says = partial(world.emulator.fault, "DescribeTask", service="datasync", count=None)
    unavailable: Json = {"Status": "UNAVAILABLE", "ErrorCode": "MountFailed", "ErrorDetail": "not yet"}
    with says(answer={"Status": "CREATING"}, count=1), says(answer=unavailable):
        world.s3_mover()
        found = world.wait_condition("DataMover", "m", "Reconciling", reason="TaskUnavailable")
        assert "Stalled" not in {each["type"] for each in found["status"]["conditions"] if _stands(each)}
    world.wait_ready()
    with says(answer=unavailable | {"CreationTime": time.time() - 300}):
        world.s3_mover("stays")
        stays = world.wait_condition("DataMover", "stays", "Stalled", reason="TaskUnavailable")
        assert "not yet" in (condition_of(stays, "Stalled") or {})["message"]


def test_counters_that_a_later_datasync_has_are_kept(world: World, operator: Operators, tmp_path: Path) -> None:
    """The SDK drops what its service model does not have: with a newer one, the operator shows it unchanged."""
    number = {"shape": "ItemCount"}
    shapes = {
        "ItemCount": {"type": "long", "box": True},
        "DescribeTaskExecutionResponse": {"members": {"FilesArchived": number}},
        "TaskExecutionFoldersFailedDetail": {"members": {"Archive": number}},
    }
    extras = tmp_path / "models" / "datasync" / "2018-11-09" / "service-2.sdk-extras.json"
    extras.parent.mkdir(parents=True)
    extras.write_text(json.dumps({"merge": {"shapes": shapes}}))
    operator.know_models(tmp_path / "models")
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all()
    operator()
    world.s3_mover()
    world.wait_ready()
    later = {"FilesArchived": 5, "FoldersFailed": {"List": 1, "Archive": 2}, "ColourOfTheSky": "blue"}
    with world.emulator.fault("DescribeTaskExecution", service="datasync", answer=later, count=None):
        world.run("r")
        counters = world.wait_phase("r", "Succeeded")["status"]["counters"]
    assert counters["filesTransferred"] == 1
    assert counters["filesArchived"] == 5
    assert (counters["foldersFailed"]["list"], counters["foldersFailed"]["archive"]) == (1, 2)
    assert "colourOfTheSky" not in counters


def _stands(condition: Json) -> bool:
    return bool(condition["status"] == "True")


def _notes(world: World) -> list[Any]:
    path = f"/apis/events.k8s.io/v1/namespaces/{world.namespace}/events"
    return [each["note"] for each in world.api.get(path)["items"]]
