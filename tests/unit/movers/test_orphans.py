"""What has lost its mover is found, roles too, and goes where the account says so; nothing else does."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

import pytest

from datamover_common.kube.objects import metadata_of
from datamover_crds import JsonObject
from datamover_crds.contract import OWNER_TAG, PART_TAG, RETAINED, UID_TAG
from datamover_operator.accounts.connections import Connection, declared_access
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Found, Orphans
from datamover_operator.accounts.plan.planner import Caller
from datamover_operator.aws.access import AccountAccess
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.kind import MOVER
from datamover_operator.movers.orphan_search import OrphanSearch
from datamover_operator.movers.plan.roles import trust_policy
from datamover_operator.movers.role_tags import READ_AT_ONCE
from datamover_operator.process.metrics import Metrics
from tests.unit.movers.given import NOTHING, ONE_OF_EACH, Spec, counts, failing, looked_after_by, spec
from tests.unit.movers.sky import ACCOUNT_ID, REGION, CrashError, Item
from tests.unit.movers.world import NAME, NAMESPACE, OWNER, REF, World


@dataclass
class Searched:
    """A world whose operator searches for orphans."""

    world: World
    orphans: Orphans = field(default_factory=lambda: Orphans(Metrics(), lambda _: None))

    def __post_init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """The operator's process ends, and another one starts."""
        self.world.restart()
        self.search = OrphanSearch(self.world.context, self.world.connections, self.orphans)

    def dated(self, created: str) -> None:
        """The world's own account was made then."""
        self.world._edit_account({"metadata": metadata_of(self.world.account) | {"creationTimestamp": created}})

    def add_account(self, name: str, created: str, region: str = REGION, orphans: str = "Report") -> None:
        """One more account object for the same AWS account, which is open."""
        world = self.world
        account = copy.deepcopy(world.account)
        account["metadata"] = {"name": name, "uid": name, "resourceVersion": "1", "creationTimestamp": created}
        account["spec"] = cast("JsonObject", account["spec"]) | {"region": region, "orphans": orphans}
        self._open(account)

    def _open(self, account: JsonObject) -> None:
        world, uid = self.world, str(metadata_of(account)["uid"])
        model = world.caches[ACCOUNT].put(account).model
        access = AccountAccess(uid, ACCOUNT_ID, model.spec.region)
        way = Connection(declared_access(model), access, world.sky.ports(), Caller(ACCOUNT_ID, "arn:aws:iam"), 0.0)
        world.connections.open(uid, way)

    def look(self, name: str = "dev") -> Found:
        """Search an account once; what has been found then."""
        world = self.world
        self._open(world.account)
        if REF in world.kube.objects:
            world.caches[MOVER].put(world.raw)
        for other in world.others:
            world.caches[MOVER].put(other)
        aws = world.sky.ports()

        async def search() -> None:
            await self.search.look(name, aws, await aws.tagging.find_all(UID_TAG), ())

        world._runner.run(search())
        return self.orphans.of(name)

    def role(self, name: str, tags: Mapping[str, str], region: str = REGION) -> Item:
        """A role of the operator's."""
        role = self.world.sky.add_role(name, tags)
        role.described["trust"] = trust_policy(ACCOUNT_ID, region)
        return role


@contextmanager
def searched(orphans: str = "Delete", **members: object) -> Iterator[Searched]:
    """A Ready mover, in an account that says what becomes of orphans."""
    with World(spec(**members)) as world:
        world.account["spec"]["orphans"] = orphans  # type: ignore[index, call-overload]
        world.settle()
        yield Searched(world)


def lose(world: World) -> None:
    """Somebody takes the finalizer off by hand and deletes the mover."""
    del world.kube.objects[REF]


ELSEWHERE: JsonObject = {"s3BucketArn": "arn:aws:s3:::src", "accessRole": {"name": "custom", "path": "/spinup/o/g/"}}


@pytest.mark.parametrize("source", [{}, {"source": {"s3": ELSEWHERE}}], ids=["generated", "named"])
def test_all_that_a_mover_has_left_is_found_and_told(source: Spec) -> None:
    with searched("Report", **source) as its:
        assert its.look() == Found()
        lose(its.world)
        its.restart()
        assert its.look() == Found(dict.fromkeys(its.world.sky.items, f"{NAMESPACE}/{NAME}"))
        assert counts(its.world) == ONE_OF_EACH


@pytest.mark.parametrize("source", [{}, {"source": {"s3": ELSEWHERE}}], ids=["generated", "named"])
@pytest.mark.parametrize("call", ["none", "DeleteTask", "DeleteLocation", "DeleteRole"])
@pytest.mark.parametrize("nth", [1, 2])
def test_all_of_it_is_deleted_wherever_the_operator_ends_on_the_way(source: Spec, call: str, nth: int) -> None:
    with searched(**source) as its:
        lose(its.world)
        its.restart()
        left = [nth]

        def end(at: str, operation: str) -> None:
            if (at, operation) == ("after", call):
                left[0] -= 1
                if not left[0]:
                    raise CrashError

        with its.world.disturbed(end, lambda _when, _what: None):
            try:
                its.look()
            except CrashError:
                its.restart()
        assert its.look() == Found()
        assert counts(its.world) == NOTHING


def test_a_role_stays_until_the_locations_of_its_mover_are_gone() -> None:
    with searched() as its:
        lose(its.world)
        its.restart()
        with failing(its.world, "DeleteLocation", FailureKind.THROTTLED, times=2):
            assert len(its.look().owners) == 4
        assert counts(its.world) == {"task": 0, "location": 2, "role": 2}
        its.look()
        assert counts(its.world) == NOTHING


@pytest.mark.parametrize("orphans", ["Delete", "Report"])
def test_what_was_left_on_purpose_is_no_orphan(orphans: str) -> None:
    with searched(orphans, deletionPolicy="Retain") as its:
        its.world.delete()
        assert its.world.settle() == "Gone"
        its.restart()
        assert its.look() == Found()
        assert counts(its.world) == ONE_OF_EACH
        assert {item.tags[PART_TAG] for item in its.world.sky.items.values()} == {RETAINED}


def test_the_role_of_a_location_that_outlives_its_mover_is_no_orphan() -> None:
    """It was the mover's own; now the spec says that it is another's."""
    with searched() as its:
        world = its.world
        location = str(world.mover.status.source_location_arn)
        role = str(world.mover.status.source_role_arn)
        world.change(spec(source={"existingLocationArn": location}))
        assert world.settle() == "Ready"
        world.delete()
        assert world.settle() == "Gone"
        its.restart()
        assert its.look() == Found()
        assert set(world.sky.items) == {location, role}


@pytest.mark.parametrize(
    ("tags", "region"),
    [
        ({}, REGION),
        (looked_after_by("gone", "cluster-2/team-a/m2", "sourceRole"), REGION),
        (looked_after_by("gone", OWNER, "sourceRole"), REGION),
        (looked_after_by("gone", f"{OWNER}-2", "sourceRole"), "eu-west-1"),
    ],
    ids=["no-tags", "another-clusters", "living-owner", "another-region"],
)
def test_a_role_that_is_another_s_is_let_alone(tags: dict[str, str], region: str) -> None:
    with searched() as its:
        its.role("dm-0123-src", tags, region)
        assert its.look() == Found()
        assert counts(its.world) == {"task": 1, "location": 2, "role": 3}


def test_a_role_that_a_living_mover_uses_is_let_alone() -> None:
    with searched() as its:
        role = its.role("dm-0123-src", looked_after_by("gone", f"{OWNER}-2", "sourceRole"))
        its.world.share(role.arn)
        assert its.look() == Found()
        assert role.arn in its.world.sky.items


def test_one_without_a_nonce_was_not_made_by_us_and_is_only_told() -> None:
    with searched() as its:
        role = its.role("adopted", {UID_TAG: "gone", OWNER_TAG: f"{OWNER}-2"})
        assert its.look() == Found({role.arn: f"{NAMESPACE}/{NAME}-2"})
        assert role.arn in its.world.sky.items


def test_one_whose_mover_the_api_server_knows_stays() -> None:
    with searched() as its:
        raw = its.world.kube.objects.pop(REF)
        its.restart()
        its.world.kube.objects[REF] = raw
        its.world.caches[MOVER].drop(str(raw["metadata"]["uid"]))  # type: ignore[call-overload, index]
        aws = its.world.sky.ports()
        its.world.caches[ACCOUNT].put(its.world.account)

        async def search() -> None:
            await its.search.look("dev", aws, await aws.tagging.find_all(UID_TAG), ())

        its.world._runner.run(search())
        assert counts(its.world) == ONE_OF_EACH


OLDER, YOUNGER = "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"


@pytest.mark.parametrize(("created", "teller", "silent"), [(OLDER, "other", "dev"), (YOUNGER, "dev", "other")])
def test_of_two_accounts_for_one_aws_account_the_older_tells_of_orphans(created: str, teller: str, silent: str) -> None:
    with searched("Report") as its:
        its.dated("2024-01-01T00:00:00Z")
        lose(its.world)
        its.restart()
        its.look()
        its.add_account("other", created)
        assert (len(its.look(teller).owners), its.look(silent)) == (5, Found())


def test_what_the_older_account_says_of_orphans_holds() -> None:
    with searched("Delete") as its:
        its.dated("2024-01-01T00:00:00Z")
        lose(its.world)
        its.restart()
        its.add_account("other", OLDER)
        its.look()
        assert len(its.look("other").owners) == 5, "it says Report"
        assert counts(its.world) == ONE_OF_EACH
        its.world.connections.shut("other")
        its.look()
        its.look()
        assert counts(its.world) == NOTHING, "one that can't be used decides nothing"


def test_a_role_counts_once_where_accounts_are_for_several_regions() -> None:
    with searched("Report") as its:
        its.dated("2024-01-01T00:00:00Z")
        lost = looked_after_by("gone", f"{OWNER}-2", "sourceRole")
        here, there = its.role("dm-0123-src", lost), its.role("dm-4567-src", lost, "eu-west-1")
        anywhere = its.world.sky.add_role("dm-89ab-src", lost)
        anywhere.described["trust"] = {"Statement": [{"Principal": {"Service": "datasync.amazonaws.com"}}]}
        its.add_account("other", YOUNGER, "eu-west-1")
        assert set(its.look().owners) == {here.arn, anywhere.arn}
        assert set(its.look("other").owners) == {there.arn}


def test_only_a_few_roles_are_read_each_time_and_all_in_the_end() -> None:
    with searched("Report") as its:
        sky, reads = its.world.sky, list[str]()
        others = [its.role(f"a-{number:03}", {}) for number in range(2 * READ_AT_ONCE)]
        lost = its.role("dm-0123-dst", looked_after_by("gone", f"{OWNER}-2", "destinationRole"))
        hidden = its.role("z-named", looked_after_by("gone", f"{OWNER}-2", "sourceRole"))
        sky.add_role("not-for-datasync", looked_after_by("gone", f"{OWNER}-2", "role"))
        sky.on_read = reads.append
        assert set(its.look().owners) == {lost.arn}, "names of ours are read first"
        assert reads.count("GetRole") == READ_AT_ONCE
        for _ in range(3):
            its.look()
        assert set(its.orphans.of("dev").owners) == {lost.arn, hidden.arn}
        assert reads.count("GetRole") == 4 * READ_AT_ONCE
        others[0].tags = looked_after_by("gone", f"{OWNER}-2", "sourceRole")
        for _ in range(3):
            its.look()
        assert others[0].arn in its.orphans.of("dev").owners, "what was read is read again"
        del sky.items[lost.arn]
        assert lost.arn not in its.look().owners


@pytest.mark.parametrize("operation", ["ListRoles", "GetRole"])
def test_roles_that_may_not_be_read_are_told_of(operation: str) -> None:
    with searched("Report") as its:
        lose(its.world)
        its.restart()
        with failing(its.world, operation, FailureKind.DENIED):
            found = its.look()
        assert (len(found.owners), found.denied) == (3, f"iam:{operation}")
        assert len(its.look().owners) == 5
