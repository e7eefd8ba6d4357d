"""The store: the newest version wins, whichever way it came, in little room; waits end when their object changes."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import Hashable, Iterable
from typing import Any, cast

import pytest

from datamover_common.kube.entry import Entry
from datamover_common.kube.objects import metadata_of, part_of
from datamover_common.kube.store import Store
from datamover_crds import DataMoverRun, JsonObject

Run = Entry[DataMoverRun, str]
Runs = Store[DataMoverRun, str]
MANY = 2000
EXECUTION = "arn:aws:datasync:eu-central-1:111122223333:task/task-0123456789abcdef0/execution/exec-{:017x}"


def phase_of(raw: JsonObject) -> str:
    return str(part_of(raw, "status").get("phase", ""))


def keys_of(phase: str) -> Iterable[Hashable]:
    return ("phase", phase), "all"


@pytest.fixture
def store() -> Runs:
    return Store(DataMoverRun, phase_of, keys_of)


def run(uid: str = "u", version: int = 1, phase: str = "Pending", **metadata: Any) -> JsonObject:  # noqa: ANN401
    return {
        "apiVersion": "datamover.io/v1alpha1",
        "kind": "DataMoverRun",
        "metadata": {"name": f"run-{uid}", "namespace": "n", "uid": uid, "resourceVersion": str(version), **metadata},
        "spec": {"moverRef": {"name": "m"}},
        "status": {"phase": phase},
    }


def ended(number: int) -> JsonObject:
    """A run as the operator leaves it, with what the API server adds."""
    counters = ("filesTransferred", "bytesTransferred", "bytesWritten", "bytesCompressed", "filesDeleted")
    condition = {"lastTransitionTime": "2025-01-15T12:00:00Z", "reason": "Succeeded", "message": "all is there"}
    status = {
        "phase": "Succeeded",
        "executionArn": EXECUTION.format(number),
        "startTime": "2025-01-15T12:00:00.000Z",
        "completionTime": "2025-01-15T12:10:00.000Z",
        "counters": dict.fromkeys(counters, 12345 + number),
        "result": {f"{stage}Duration": 1000 for stage in ("prepare", "transfer", "verify")},
        "conditions": [{"type": kind, "status": "True", **condition} for kind in ("Ready", "Reconciling", "Stalled")],
    }
    managed = [{"manager": "operator", "fieldsV1": {f"f:{name}": {} for name in status}}]
    made = run(f"uid-{number}", number + 1, managedFields=managed) | {"status": status}
    return cast("JsonObject", json.loads(json.dumps(made)))


def test_an_older_version_does_not_replace_a_newer_one(store: Runs) -> None:
    newer = store.put(run(version=10))
    assert store.put(run(version=9)) is newer
    assert store.put(run(version=10)) is newer
    assert store.named("n", "run-u") is store.get("u") is newer
    assert store.put(run(version=11)) is store.get("u") is not newer


def test_objects_are_found_by_their_keys_while_those_hold(store: Runs) -> None:
    store.put(run("a"))
    store.put(run("b"))
    assert store.uids(("phase", "Pending")) == store.uids("all") == ["a", "b"]
    store.put(run("a", 2, "Launching"))
    assert store.uids(("phase", "Pending")) == ["b"]
    assert [each.metadata.name for each in store.under(("phase", "Launching"))] == ["run-a"]
    assert [each.digest for each in store.entries("all")] == ["Pending", "Launching"]
    store.drop("b")
    assert store.uids(("phase", "Pending")) == []
    assert (len(store), [each.uid for each in store]) == (1, ["a"])


def test_what_is_gone_stays_gone_whatever_is_told_late(store: Runs) -> None:
    store.put(run())
    store.drop("u")
    assert store.put(run(version=5)).uid == "u"
    assert (len(store), store.get("u"), store.model("u"), store.named("n", "run-u")) == (0, None, None, None)
    store.put(run("again", 6, name="run-u"))
    assert store.named("n", "run-u") is store.get("again")


def test_a_name_is_the_newest_object_s(store: Runs) -> None:
    store.put(run("old", name="r"))
    store.put(run("new", name="r"))
    store.drop("old")
    assert store.named("n", "r") is store.get("new")


@pytest.mark.parametrize("uid", ["", None, 5, {}])
def test_an_object_without_a_uid_is_refused(store: Runs, uid: Any) -> None:  # noqa: ANN401
    """All such objects would be one."""
    with pytest.raises(ValueError, match="has no uid"):
        store.put(run(uid=uid))
    assert len(store) == 0


def test_a_list_removes_what_it_lacks_but_not_what_is_newer(store: Runs) -> None:
    store.put(run("a", 3))
    store.put(run("b", 9))
    store.keep_only(set(), 5)
    assert [each.uid for each in store] == ["b"]


def test_what_the_model_refuses_is_kept_as_far_as_it_can_be_read(store: Runs) -> None:
    entry = store.put(run() | {"spec": {"moverRef": {"name": "m"}, "later": 1}})
    assert "spec.later" in entry.problem
    assert (entry.model.metadata.name, entry.model.spec.mover_ref.name) == ("run-u", "m")
    assert store.put(run(version=2)).problem == ""


def test_a_long_history_is_cheap_to_remember(store: Runs) -> None:
    """100,000 runs leave more than half of 200 MiB to the program itself."""
    tracemalloc.start()
    try:
        for number in range(MANY):
            store.put(ended(number))
        each = tracemalloc.get_traced_memory()[0] / MANY
    finally:
        tracemalloc.stop()
    assert each < 1000


def test_what_was_packed_is_read_as_it_was(store: Runs) -> None:
    entries = [store.put(ended(number)) for number in range(MANY)]
    for number in (0, 1, MANY // 2, MANY - 1):
        raw = ended(number)
        del metadata_of(raw)["managedFields"]
        assert entries[number].raw == raw
        assert entries[number].model.status.execution_arn == EXECUTION.format(number)
        assert entries[number].problem == ""


def test_an_object_that_shares_nothing_with_the_first_one_is_packed_as_well(store: Runs) -> None:
    store.put(run("first"))
    odd = run("odd", annotations={"note": "\ud800 \U0001f600 \u2028" * 30_000})
    entry = store.put(odd)
    for number in range(MANY):
        store.put(ended(number))
    assert entry.raw == odd


def test_what_was_just_read_is_not_read_again(store: Runs) -> None:
    entries = [store.put(ended(number)) for number in range(MANY)]
    model = entries[0].model
    for entry in entries[-50:]:
        assert entry.model.status.phase == "Succeeded"
    assert entries[0].model is model


def test_a_spec_is_read_anew_where_it_has_changed_alone(store: Runs) -> None:
    first = store.put(run()).model.spec
    assert store.put(run(version=2, phase="Queued")).model.spec is first
    changed = run(version=3, phase="Queued") | {"spec": {"moverRef": {"name": "other"}}}
    assert store.put(changed).model.spec.mover_ref.name == "other"


def test_a_spec_that_was_refused_is_refused_in_the_next_version_too(store: Runs) -> None:
    odd: JsonObject = {"spec": {"moverRef": {"name": "m"}, "later": 1}}
    assert "spec.later" in store.put(run() | odd).problem
    assert "spec.later" in store.put(run(version=2, phase="Queued") | odd).problem


def test_what_is_derived_is_made_anew_after_a_change_of_its_objects_alone(store: Runs) -> None:
    asked = []

    def versions(runs: Iterable[Run]) -> list[int]:
        asked.append("!")
        return sorted(each.version for each in runs)

    def number(runs: Iterable[Run]) -> int:
        return len(list(runs))

    key = ("phase", "Pending")
    assert store.derived(key, versions) == []
    store.put(run("a", 1))
    assert [store.derived(key, versions) for _ in range(3)] == [[1]] * 3
    assert len(asked) == 2
    assert store.derived(key, number) == 1  # nobody gets what somebody else has made

    store.put(run("b", 2, "Launching"))
    store.put(run("a", 1))  # known already
    assert (store.derived(key, versions), len(asked)) == ([1], 2)
    store.put(run("a", 3))
    assert store.derived(key, versions) == [3]
    store.put(run("c", 4))
    assert store.derived(key, versions) == [3, 4]
    store.put(run("c", 5, "Launching"))
    assert store.derived(key, versions) == [3]
    store.drop("a")
    assert store.derived(key, versions) == []


def test_of_many_keys_not_everything_derived_is_kept(store: Runs) -> None:
    for number in range(MANY):
        store.put(run(f"{number}", number, f"phase-{number}"))
        assert store.derived(("phase", f"phase-{number}"), lambda runs: len(list(runs))) == 1
    assert len(store._derived) < MANY / 2


async def test_a_wait_ends_with_the_change_that_it_is_for(store: Runs) -> None:
    store.put(run())
    waiting = asyncio.create_task(
        store.until("u", lambda found: found is not None and found.status.phase != "Pending", 5)
    )
    gone = asyncio.create_task(store.until("u", lambda found: found is None, 5))
    await asyncio.sleep(0)
    store.put(run("another", 7, "Launching"))
    store.put(run(version=2, phase="Launching"))
    found = await waiting
    assert found is not None
    assert found.metadata.resource_version == "2"
    store.drop("u")
    assert await gone is None


async def test_a_wait_is_bounded(store: Runs) -> None:
    with pytest.raises(TimeoutError):
        await store.until("nobody", lambda found: found is not None, 0.01)
    assert await store.until("nobody", lambda found: found is None, 0) is None
    assert store._waiting == {}
