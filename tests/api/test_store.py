"""The store: the newest version wins, whichever way it came, and waits end when their object changes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from datamover_api.kube.store import Store
from datamover_api.mirror.keys import ALL, Group, MoverKey, mover_index
from datamover_crds import DataMover, dump
from tests.api.samples import Json, mover, ready


def raw(**given: object) -> Json:
    return dump(mover(**given))  # type: ignore[arg-type]


@pytest.fixture
def store() -> Store[DataMover]:
    return Store(DataMover, mover_index)


def test_an_older_version_does_not_replace_a_newer_one(store: Store[DataMover]) -> None:
    store.put(raw(version=9, status=ready()))
    kept = store.put(raw(version=8))
    assert kept is not None
    assert kept.metadata.resource_version == "9"
    assert store.named("nightly") is kept


def test_objects_are_found_by_their_keys_while_those_hold(store: Store[DataMover]) -> None:
    store.put(raw(version=1))
    assert not list(store.under(Group("abc-123")))
    assert [each.metadata.name for each in store.under(MoverKey("abc-123", "nightly"))] == ["nightly"]
    store.put(raw(version=2, status=ready()))
    assert len(list(store.under(Group("abc-123")))) == len(list(store.under(ALL))) == 1
    store.put(raw(version=3, status=ready(), deleting=True))
    assert not list(store.under(Group("abc-123")))
    assert len(list(store.under(MoverKey("abc-123", "nightly")))) == 1


def test_a_mover_without_a_group_is_in_its_namespace_s(store: Store[DataMover]) -> None:
    store.put(raw(group=None, status=ready()))
    assert [each.metadata.name for each in store.under(Group("rest"))] == ["nightly"]


def test_what_is_gone_stays_gone_whatever_is_told_late(store: Store[DataMover]) -> None:
    store.put(raw(version=1))
    store.drop(mover().metadata.uid)
    assert store.put(raw(version=5, deleting=True)) is None
    assert len(store) == 0
    store.put(raw(version=6, uid="another"))
    assert store.named("nightly") is not None


def test_a_list_removes_what_it_lacks_but_not_what_is_newer(store: Store[DataMover]) -> None:
    store.put(raw(version=3, uid="a", name="a"))
    store.put(raw(version=9, uid="b", name="b"))
    store.keep_only(set(), 5)
    assert [each.metadata.name for each in store.all()] == ["b"]


def test_an_object_that_its_model_refuses_is_left_out_until_it_is_mended(store: Store[DataMover]) -> None:
    store.put(raw(version=1))
    unreadable: Json = {"metadata": {"uid": mover().metadata.uid, "resourceVersion": "2"}, "spec": {}}
    assert store.put(unreadable) is None
    assert len(store) == 0
    assert store.put(raw(version=3)) is not None
    assert store.put(unreadable) is not None  # it is no news


def test_what_is_derived_is_made_anew_after_a_change_of_its_objects_alone(store: Store[DataMover]) -> None:
    asked = []

    def versions(movers: Iterable[DataMover]) -> list[str]:
        asked.append("!")
        return sorted(each.metadata.resource_version or "" for each in movers)

    key = MoverKey("abc-123", "nightly")
    assert store.derived(key, versions) == []
    store.put(raw(version=1))
    assert [store.derived(key, versions) for _ in range(3)] == [["1"]] * 3
    assert len(asked) == 2
    assert store.derived(key, len_of) == 1  # nobody gets what somebody else has made

    store.put(raw(name="another", uid="another", version=2))
    store.put(raw(version=1))  # known already
    assert (store.derived(key, versions), len(asked)) == (["1"], 2)
    store.put(raw(version=3))
    assert store.derived(key, versions) == ["3"]
    store.put(raw(uid="second", version=4))
    assert store.derived(key, versions) == ["3", "4"]
    store.put(raw(uid="second", group="elsewhere", version=5))
    assert store.derived(key, versions) == ["3"]
    store.drop(mover().metadata.uid)
    assert store.derived(key, versions) == []


def len_of(movers: Iterable[DataMover]) -> int:
    return len(list(movers))


async def test_a_wait_ends_with_the_change_that_it_is_for(store: Store[DataMover]) -> None:
    uid = mover().metadata.uid
    store.put(raw(version=1))
    waiting = asyncio.create_task(
        store.until(uid, lambda found: found is not None and found.status.task_arn is not None, 5)
    )
    gone = asyncio.create_task(store.until(uid, lambda found: found is None, 5))
    await asyncio.sleep(0)
    store.put(raw(version=2, status=ready()))
    found = await waiting
    assert found is not None
    assert found.metadata.resource_version == "2"
    store.drop(uid)
    assert await gone is None


async def test_a_wait_is_bounded(store: Store[DataMover]) -> None:
    with pytest.raises(TimeoutError):
        await store.until("nobody", lambda found: found is not None, 0.01)
    assert await store.until("nobody", lambda found: found is None, 0) is None
