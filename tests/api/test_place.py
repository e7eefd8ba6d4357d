"""Lists of names follow what the mirror holds."""

from __future__ import annotations

from typing import cast

from datamover_api.mirror.place import Place, Room
from datamover_common.kube.client import KubeClient
from datamover_crds import dump
from tests.api.samples import account, mover, ready


def test_lists_follow_every_change() -> None:
    room = Room(cast("KubeClient", None), "rest", lambda _: None, reads_tables=False)  # nothing is sent
    place = Place(account("dev"), frozenset({"dev"}), room)
    stranger = Place(account("other"), frozenset({"other"}), room)
    assert (place.shown(), place.shown_in("abc-123")) == ((), ())

    room.movers.put(dump(mover("b", uid="b", version=1, status=ready())))
    room.movers.put(dump(mover("a", uid="a", version=2, group="g", status=ready())))
    room.movers.put(dump(mover("unmade", uid="c", version=3)))
    for _ in range(2):  # also when it is asked again
        assert (place.shown(), place.shown_in("abc-123"), place.shown_in("g")) == (("a", "b"), ("b",), ("a",))
        assert (stranger.shown(), stranger.shown_in("g")) == ((), ())

    room.movers.put(dump(mover("unmade", uid="c", version=4, status=ready())))
    assert place.shown_in("abc-123") == ("b", "unmade")
    room.movers.put(dump(mover("b", uid="b", version=5, status=ready(), deleting=True)))
    assert place.shown() == ("a", "unmade")
    room.movers.drop("a")
    assert (place.shown(), place.shown_in("g")) == (("unmade",), ())
    room.movers.keep_only(set(), 9)
    assert place.shown() == ()
