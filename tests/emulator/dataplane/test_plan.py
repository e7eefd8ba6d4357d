"""What is copied, touched, deleted and left: tables of cases, and what must hold for any two locations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.dataplane import posix_metadata as posix
from datasync_emulator.dataplane.entry import Entry, Kind, parent
from datasync_emulator.dataplane.plan import Listing, Plan, make_plan
from datasync_emulator.dataplane.rules import Rules
from datasync_emulator.dataplane.target import target_of
from tests.emulator.dataplane.locations import PATIENT

MS = 10**6
TO_FOLDER = Rules(to_folder=True, object_metadata=False, object_tags=False)
TO_BUCKET = Rules(object_metadata=False, object_tags=False)
BETWEEN_BUCKETS = Rules(between_buckets=True)


def file(path: str, size: int = 3, at: int = 1000, **more: object) -> Entry:
    """`at` is in milliseconds."""
    return replace(Entry(path, Kind.FILE, size, mtime_ns=at * MS, mode=0o644, uid=1, gid=2), **more)  # type: ignore[arg-type]


def folder(path: str, at: int = 1000, **more: object) -> Entry:
    return replace(Entry(path, Kind.FOLDER, mtime_ns=at * MS, mode=0o755, uid=1, gid=2), **more)  # type: ignore[arg-type]


def listing(*entries: Entry, around: Iterable[Entry] = ()) -> Listing:
    return Listing({entry.name: entry for entry in entries}, {entry.name: entry for entry in around})


def outline(plan: Plan) -> dict[str, list[str]]:
    """The steps by name, without those that are empty."""
    steps = {
        "delete": [entry.name for entry in plan.deletions],
        "folders": [entry.name for entry in plan.folders],
        "move": [move.source.name for move in plan.moves],
        "touch": [entry.name for entry in plan.touches],
        "settle": [entry.name for entry in plan.settlements],
        "skip": [entry.name for entry in plan.skipped],
        "refuse": [entry.name for entry, _ in plan.refused],
    }
    return {name: names for name, names in steps.items() if names}


CASES = {
    "a new file": (TO_FOLDER, listing(file("a")), listing(), {"move": ["a"]}),
    "the same file": (TO_FOLDER, listing(file("a")), listing(file("a")), {}),
    "another size": (TO_FOLDER, listing(file("a", 4)), listing(file("a")), {"move": ["a"]}),
    "changed at the source": (TO_FOLDER, listing(file("a", at=1001)), listing(file("a")), {"move": ["a"]}),
    "changed at the destination": (TO_FOLDER, listing(file("a")), listing(file("a", at=1001)), {"move": ["a"]}),
    "less than a millisecond apart": (
        TO_FOLDER,
        listing(file("a", mtime_ns=1000 * MS + 1)),
        listing(file("a")),
        {},
    ),
    "other permissions": (TO_FOLDER, listing(file("a", mode=0o600)), listing(file("a")), {"touch": ["a"]}),
    "another owner": (TO_FOLDER, listing(file("a", uid=9)), listing(file("a")), {"touch": ["a"]}),
    "permissions that are not kept": (
        replace(TO_FOLDER, permissions=False),
        listing(file("a", mode=0o600)),
        listing(file("a")),
        {},
    ),
    "permissions of a link": (
        TO_FOLDER,
        listing(file("a", kind=Kind.LINK, mode=0o700)),
        listing(file("a", kind=Kind.LINK, mode=0o777)),
        {},
    ),
    "a link in a file's place": (
        TO_FOLDER,
        listing(file("a", kind=Kind.LINK)),
        listing(file("a")),
        {"move": ["a"]},
    ),
    "a new folder with a file": (
        TO_FOLDER,
        listing(folder("d"), file("d/a")),
        listing(),
        {"folders": ["d/"], "move": ["d/a"], "settle": ["d/"]},
    ),
    "a new file in a known folder: its time is disturbed and set again": (
        TO_FOLDER,
        listing(folder("d"), file("d/a")),
        listing(folder("d")),
        {"move": ["d/a"], "settle": ["d/"]},
    ),
    "a folder whose time differs": (TO_FOLDER, listing(folder("d", at=1)), listing(folder("d")), {"touch": ["d/"]}),
    "key prefixes become folders": (
        TO_FOLDER,
        listing(file("x/y/a")),
        listing(),
        {"folders": ["x/", "x/y/"], "move": ["x/y/a"], "settle": ["x/y/", "x/"]},
    ),
    "key prefixes that are folders already": (
        TO_FOLDER,
        listing(file("x/a")),
        listing(folder("x", at=5), file("x/a")),
        {},
    ),
    "folders around what matched": (
        TO_FOLDER,
        listing(file("x/a"), around=[folder("x")]),
        listing(around=[folder("x", at=5)]),
        {"move": ["x/a"]},
    ),
    "an object and a folder of one path, to a folder": (
        TO_FOLDER,
        listing(file("x"), file("x/a")),
        listing(),
        {"folders": ["x/"], "move": ["x/a"], "settle": ["x/"], "refuse": ["x"]},
    ),
    "an object and a folder object of one path, to a folder": (
        TO_FOLDER,
        listing(file("x"), folder("x")),
        listing(),
        {"folders": ["x/"], "settle": ["x/"], "refuse": ["x"]},
    ),
    "an object and a folder of one path, to a bucket": (
        BETWEEN_BUCKETS,
        listing(file("x"), file("x/a")),
        listing(),
        {"move": ["x", "x/a"]},
    ),
    "folders become objects": (
        TO_BUCKET,
        listing(folder("d"), file("d/a")),
        listing(),
        {"folders": ["d/"], "move": ["d/a"]},
    ),
    "what is gone stays": (TO_FOLDER, listing(), listing(file("a")), {}),
    "what is gone is removed, children first": (
        replace(TO_FOLDER, remove=True),
        listing(),
        listing(folder("d"), file("d/a"), file("a")),
        {"delete": ["d/a", "d/", "a"]},
    ),
    "removing disturbs the folder around": (
        replace(TO_FOLDER, remove=True),
        listing(folder("d")),
        listing(folder("d"), file("d/a")),
        {"delete": ["d/a"], "settle": ["d/"]},
    ),
    "folders that are needed are not removed": (
        replace(TO_FOLDER, remove=True),
        listing(file("x/a")),
        listing(folder("x"), file("x/a")),
        {},
    ),
    "a file in a folder's place is removed first": (
        replace(TO_FOLDER, remove=True),
        listing(folder("x")),
        listing(file("x")),
        {"delete": ["x"], "folders": ["x/"], "settle": ["x/"]},
    ),
    "never overwrite": (
        replace(TO_FOLDER, overwrite=False),
        listing(file("a", 4), file("b"), file("c", mode=0), file("d")),
        listing(file("a"), file("c"), file("d")),
        {"move": ["b"], "skip": ["a", "c"]},
    ),
    "never overwrite, whatever the state": (
        replace(TO_FOLDER, overwrite=False, everything=True),
        listing(file("a"), file("b")),
        listing(file("a")),
        {"move": ["b"], "skip": ["a"]},
    ),
    "everything": (
        replace(TO_FOLDER, everything=True),
        listing(folder("d"), file("d/a")),
        listing(),
        {"folders": ["d/"], "move": ["d/a"], "settle": ["d/"]},
    ),
    "times that are not kept are still compared": (
        replace(TO_FOLDER, mtime=False),
        listing(file("a")),
        listing(file("a", at=5)),
        {"move": ["a"]},
    ),
    "other tags": (
        BETWEEN_BUCKETS,
        listing(file("a", tags={"k": "v"})),
        listing(file("a", tags={"k": "w"})),
        {"touch": ["a"]},
    ),
    "other tags that are not kept": (
        replace(BETWEEN_BUCKETS, object_tags=False),
        listing(file("a", tags={"k": "v"})),
        listing(file("a", tags={"k": "w"})),
        {},
    ),
    "other user metadata": (
        BETWEEN_BUCKETS,
        listing(file("a", metadata={"x-amz-meta-k": "v"})),
        listing(file("a", metadata={})),
        {"touch": ["a"]},
    ),
    "other user metadata that is not kept": (
        replace(BETWEEN_BUCKETS, object_metadata=False),
        listing(file("a", metadata={"x-amz-meta-k": "v"})),
        listing(file("a", metadata={})),
        {},
    ),
    "other system metadata is no reason to copy": (
        BETWEEN_BUCKETS,
        listing(file("a", metadata={"content-type": "text/plain"})),
        listing(file("a", metadata={})),
        {},
    ),
    "one time in two notations": (
        BETWEEN_BUCKETS,
        listing(file("a", metadata={posix.MTIME: "1000"})),
        listing(file("a", metadata={posix.MTIME: "1000000000ns"})),
        {},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_cases(case: str) -> None:
    rules, source, destination, expected = CASES[case]
    assert outline(make_plan(source, destination, rules)) == expected


@pytest.mark.parametrize(
    ("location_class", "size", "existing", "everything", "expected"),
    [
        ("STANDARD", 0, None, False, "STANDARD"),
        ("STANDARD_IA", 128 * 1024 - 1, None, False, "STANDARD"),
        ("STANDARD_IA", 128 * 1024, None, False, "STANDARD_IA"),
        ("ONEZONE_IA", 1, None, False, "STANDARD"),
        ("GLACIER_IR", 128 * 1024 - 1, None, False, "STANDARD"),
        ("GLACIER", 40 * 1024 - 1, None, False, "STANDARD"),
        ("GLACIER", 40 * 1024, None, False, "GLACIER"),
        ("DEEP_ARCHIVE", 40 * 1024, None, False, "DEEP_ARCHIVE"),
        ("INTELLIGENT_TIERING", 1, None, False, "INTELLIGENT_TIERING"),
        ("STANDARD", 1, "STANDARD_IA", False, "STANDARD_IA"),
        ("STANDARD_IA", 10**6, "STANDARD", False, "STANDARD"),
        ("STANDARD_IA", 10**6, "STANDARD", True, "STANDARD_IA"),
    ],
)
def test_storage_classes(location_class: str, size: int, existing: str | None, everything: bool, expected: str) -> None:
    found = None if existing is None else file("a", storage_class=existing)
    rules = replace(TO_BUCKET, storage_class=location_class, everything=everything)
    assert target_of(file("a", size), found, rules).storage_class == expected


@pytest.mark.parametrize(
    ("entry", "mode"), [(Entry("a", Kind.FILE), 0o644), (Entry("a", Kind.FOLDER), 0o755)], ids=["file", "folder"]
)
def test_defaults_where_an_object_has_no_attributes(entry: Entry, mode: int) -> None:
    target = target_of(entry, None, TO_FOLDER)
    assert (target.mode, target.uid, target.gid) == (mode, 65534, 65534)


def test_the_modification_time_travels_between_buckets_even_without_metadata() -> None:
    source = file("a", metadata={"x-amz-meta-k": "v", "content-type": "text/plain"}, at=1234)
    target = target_of(source, None, replace(BETWEEN_BUCKETS, object_metadata=False))
    assert target.metadata == {posix.MTIME: "1234"}


def test_metadata_travels_between_buckets_as_it_stands() -> None:
    metadata = {posix.PERMISSIONS: "0100640", posix.MTIME: "5ns", "content-type": "text/plain", "x-amz-meta-k": "v"}
    assert target_of(file("a", metadata=metadata), None, BETWEEN_BUCKETS).metadata == metadata


# Any two locations.

paths = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)
entries = st.builds(
    Entry,
    path=paths,
    kind=st.sampled_from(Kind),
    size=st.integers(0, 2),
    mtime_ns=st.integers(0, 2 * MS),
    mode=st.none() | st.sampled_from([0o600, 0o644]),
    uid=st.none() | st.integers(0, 1),
    gid=st.just(0),
    tags=st.dictionaries(st.just("k"), st.sampled_from("vw")),
)
locations = st.lists(entries, max_size=8).map(
    lambda found: listing(*(replace(entry, size=0) if entry.kind is Kind.FOLDER else entry for entry in found))
)
kinds = st.sampled_from([TO_FOLDER, TO_BUCKET, BETWEEN_BUCKETS])
any_rules = st.builds(
    lambda kind, remove, permissions, uid: replace(kind, remove=remove, permissions=permissions, uid=uid),
    kinds,
    st.booleans(),
    st.booleans(),
    st.booleans(),
)


def done(plan: Plan, before: Listing, rules: Rules) -> Listing:
    """What a store would list after the plan. In a file system, what happens in a folder changes its time."""
    after = dict(before.entries)
    for gone in plan.deletions:
        del after[gone.name]
    made = [*plan.folders, *(move.target for move in plan.moves)]
    for target in made:
        after[target.name] = as_listed(target, rules)
    for disturber in [*plan.deletions, *made]:
        around = f"{parent(disturber.path)}/"
        if rules.to_folder and around in after:
            after[around] = replace(after[around], mtime_ns=77 * MS)
    for target in [*plan.touches, *plan.settlements]:
        after[target.name] = as_listed(target, rules)
    return Listing(after, before.surroundings)


def as_listed(target: Entry, rules: Rules) -> Entry:
    if rules.to_folder:
        return replace(
            target,
            mtime_ns=1 if target.mtime_ns is None else target.mtime_ns,
            mode=0o777 if target.mode is None else target.mode,
            uid=0 if target.uid is None else target.uid,
        )
    mtime = posix.time_ns(target.metadata, posix.MTIME)
    return replace(target, mtime_ns=1 if mtime is None else mtime, mode=posix.permissions(target.metadata))


@PATIENT
@given(locations, locations, any_rules)
def test_after_a_plan_nothing_is_left_to_do(source: Listing, destination: Listing, rules: Rules) -> None:
    plan = make_plan(source, destination, rules)
    again = outline(make_plan(source, done(plan, destination, rules), rules))
    again.pop("refuse", None)
    assert again == {}


@PATIENT
@given(locations, locations, any_rules)
def test_after_a_plan_the_destination_holds_the_source(source: Listing, destination: Listing, rules: Rules) -> None:
    plan = make_plan(source, destination, rules)
    after = done(plan, destination, rules).entries
    wanted = source.entries.keys() - {entry.name for entry, _ in plan.refused}
    assert wanted <= after.keys()
    if rules.remove and not rules.to_folder:
        assert after.keys() == wanted
    elif not rules.remove:
        assert destination.entries.keys() <= after.keys()


@PATIENT
@given(locations, locations, any_rules)
def test_never_overwriting_touches_nothing_that_exists(source: Listing, destination: Listing, rules: Rules) -> None:
    plan = make_plan(source, destination, replace(rules, overwrite=False, remove=False))
    written = [*plan.folders, *(move.target for move in plan.moves), *plan.touches, *plan.settlements]
    assert not {target.name for target in written} & destination.entries.keys()


@PATIENT
@given(locations, locations, any_rules)
def test_steps_come_in_an_order_that_can_be_carried_out(source: Listing, destination: Listing, rules: Rules) -> None:
    plan = make_plan(source, destination, rules)
    deleted = [entry.name for entry in plan.deletions]
    assert deleted == sorted(deleted, reverse=True)
    made = [entry.path for entry in plan.folders]
    if rules.to_folder:
        there = {entry.path for entry in destination.entries.values()} | {""}
        for position, path in enumerate(made):
            assert parent(path) in there | set(made[:position])
        for move in plan.moves:
            assert parent(move.target.path) in there | set(made)
