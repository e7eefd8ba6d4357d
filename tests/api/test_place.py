"""Lists of names follow what the mirror holds."""

from __future__ import annotations

import json
from typing import cast

from datamover_api.mirror.keys import MoverKey
from datamover_api.mirror.place import Listing, Place, Room
from datamover_common.kube.client import KubeClient
from datamover_crds import JsonObject, dump
from tests.api.samples import account, mover, ready


def test_lists_follow_every_change() -> None:
    room = Room(cast("KubeClient", None), "rest", lambda _: None, reads_tables=False)  # nothing is sent
    place = Place(account("dev"), frozenset({"dev"}), room)
    stranger = Place(account("other"), frozenset({"other"}), room)
    assert (names(place.shown()), names(place.shown_in("abc-123"))) == ([], [])

    room.movers.put(dump(mover("b", uid="b", version=1, status=ready())))
    room.movers.put(dump(mover("a", uid="a", version=2, group="g", status=ready())))
    room.movers.put(dump(mover("unmade", uid="c", version=3)))
    for _ in range(2):  # also when it is asked again
        assert (names(place.shown()), names(place.shown_in("abc-123"))) == (["a", "b"], ["b"])
        assert names(place.shown_in("g")) == ["a"]
        assert (names(stranger.shown()), names(stranger.shown_in("g"))) == ([], [])

    room.movers.put(dump(mover("unmade", uid="c", version=4, status=ready())))
    assert names(place.shown_in("abc-123")) == ["b", "unmade"]
    room.movers.put(dump(mover("b", uid="b", version=5, status=ready(), deleting=True)))
    assert names(place.shown()) == ["a", "unmade"]
    room.movers.drop("a")
    assert (names(place.shown()), names(place.shown_in("g"))) == (["unmade"], [])
    room.movers.keep_only(set(), 9)
    assert names(place.shown()) == []


def test_of_two_movers_made_in_one_second_clients_see_the_same_one_whatever_changes() -> None:
    room = Room(cast("KubeClient", None), "rest", lambda _: None, reads_tables=False)  # nothing is sent
    place = Place(account("dev"), frozenset({"dev"}), room)
    for version, uid in enumerate(("second", "first", "second", "first"), start=1):
        room.movers.put(named(f"{uid}-object", dump(mover("a", uid=uid, version=version))))
        if version > 1:
            assert [each.uid for each in place.keyed(MoverKey("abc-123", "a"))] == ["first", "second"]


def named(name: str, raw: JsonObject) -> JsonObject:
    metadata = raw["metadata"]
    assert isinstance(metadata, dict)
    return raw | {"metadata": metadata | {"name": name}}


def names(listing: Listing) -> list[str]:
    found: list[str] = json.loads(listing.document)
    assert listing.count == len(found)
    return found
