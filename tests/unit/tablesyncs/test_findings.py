"""What is found before the first write: each with the reason and the statement or field that corrects it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from datamover_crds import SyncEnd, TableSync, parse
from datamover_operator.movers.plan.names import Identity
from datamover_operator.postgres.failure import Failure, FailureKind
from datamover_operator.postgres.state import (
    Column,
    DestinationState,
    Key,
    Server,
    Size,
    Slot,
    SourceState,
    Table,
    TableKey,
)
from datamover_operator.tablesyncs.plan.observed import Catalogue, Observed
from datamover_operator.tablesyncs.plan.preconditions import findings
from tests.unit.tablesyncs.servers import COLUMNS, TABLE
from tests.unit.tablesyncs.world import SPEC

KEY = ("public", "orders")
OLD = Server("1", "5", "1", 150000, user="datamover")
NEW = Server("2", "5", "1", 150000, user="datamover")


def _end(host: str, server: Server) -> SyncEnd:
    return SyncEnd(host=host, port=5432, database="shop", user="datamover", ssl_mode="require", id=server.id)


@dataclass
class Scene:
    """What is known of one table at both ends; all is well with it."""

    spec: dict[str, Any] = field(default_factory=lambda: dict(SPEC) | {"tables": [{"name": "orders"}]})
    source: SourceState = field(default_factory=lambda: SourceState(OLD, 100))
    destination: DestinationState = field(default_factory=lambda: DestinationState(NEW, sizes={KEY: Size(0, 0)}))
    there: dict[TableKey, Table] = field(default_factory=lambda: {KEY: TABLE})
    here: dict[TableKey, Table] = field(default_factory=lambda: {KEY: TABLE})
    filters: dict[TableKey, tuple[str, ...]] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    def observed(self) -> Observed:
        raw = {
            "apiVersion": "datamover.io/v1alpha1",
            "kind": "TableSync",
            "metadata": {"name": "t", "namespace": "team-a", "uid": "u"},
            "spec": self.spec,
        }
        catalogue = Catalogue(self.there, self.here, self.filters, self.failures)
        return Observed(
            parse(TableSync, raw),
            Identity("u", "c", "team-a", "t"),
            source=self.source,
            destination=self.destination,
            ends={"source": _end("old", OLD), "destination": _end("new", NEW)},
            catalogue=catalogue,
        )

    def table(self, **members: object) -> None:
        """Say more of the one table in the spec."""
        self.spec["tables"] = [{"name": "orders"} | members]

    def at_source(self, **members: Any) -> None:  # noqa: ANN401 - of SourceState
        self.source = replace(self.source, **members)

    def at_destination(self, **members: Any) -> None:  # noqa: ANN401 - of DestinationState
        self.destination = replace(self.destination, **members)


Change = Callable[[Scene], object]


def there(**members: Any) -> Change:  # noqa: ANN401 - of Table
    """Another table at the source."""
    return lambda scene: scene.there.update({KEY: replace(TABLE, **members)})


def here(**members: Any) -> Change:  # noqa: ANN401 - of Table
    """Another table at the destination."""
    return lambda scene: scene.here.update({KEY: replace(TABLE, **members)})


def both(*changes: Change) -> Change:
    """One after the other."""

    def change(scene: Scene) -> None:
        for each in changes:
            each(scene)

    return change


def uncreated(scene: Scene) -> None:
    """The destination lacks the table."""
    scene.here.clear()


def failure(action: str) -> Failure:
    """A trial that failed."""
    return Failure(FailureKind.REFUSED, "destination", action, "", "no route to host")


CASES: dict[str, tuple[Change, str, str]] = {
    "an old source": (
        lambda s: s.at_source(server=replace(OLD, version=130000)),
        "UnsupportedVersion",
        "PostgreSQL 13 is too old",
    ),
    "an old destination": (
        lambda s: s.at_destination(server=replace(NEW, version=130000)),
        "UnsupportedVersion",
        "destination: PostgreSQL 13",
    ),
    "a standby": (lambda s: s.at_source(server=replace(OLD, in_recovery=True)), "IsStandby", "name its primary"),
    "no logical WAL": (
        lambda s: s.at_source(wal_level="replica"),
        "WalLevel",
        "ALTER SYSTEM SET wal_level = logical, then restart",
    ),
    "one free slot": (lambda s: s.at_source(free_slots=1), "NoFreeSlots", "max_replication_slots leaves 1 free"),
    "no free sender": (lambda s: s.at_source(free_senders=-1), "NoFreeSlots", "max_wal_senders leaves 0 free"),
    "may not replicate": (
        lambda s: s.at_source(can_replicate=False),
        "MissingRights",
        "ALTER ROLE datamover REPLICATION (Amazon RDS: GRANT rds_replication TO datamover)",
    ),
    "may not publish": (lambda s: s.at_source(can_create=False), "MissingRights", "GRANT CREATE ON DATABASE shop TO"),
    "may not subscribe": (
        lambda s: s.at_destination(can_subscribe=False),
        "MissingRights",
        "ALTER ROLE datamover SUPERUSER (Amazon RDS: GRANT rds_superuser TO datamover)",
    ),
    "may not subscribe to 16": (
        lambda s: s.at_destination(can_subscribe=False, server=replace(NEW, version=160000)),
        "MissingRights",
        "GRANT pg_create_subscription TO datamover",
    ),
    "the same database": (lambda s: s.at_destination(server=OLD), "SameDatabase", "spec.destination"),
    "the source is out of the destination's reach": (
        lambda s: setattr(s, "failures", (failure("reach the source from the destination server"),)),
        "SourceNotReached",
        "set spec.source.postgresql.reachedFromDestination",
    ),
    "no table": (lambda s: s.there.clear(), "TableNotFound", "spec.tables[0]: table public.orders does not exist"),
    "twice": (
        lambda s: s.spec.update(tables=[{"name": "orders"}, {"name": "public.orders"}]),
        "InvalidSpec",
        "spec.tables[0]: table public.orders is named twice",
    ),
    "a view": (there(kind="v"), "NotATable", "public.orders is no ordinary table"),
    "an unlogged table": (there(persistence="u"), "NotATable", "public.orders is no ordinary table"),
    "somebody else's table": (there(is_owned=False, owner="Shop"), "MissingRights", 'GRANT "Shop" TO datamover'),
    "may not read": (there(can_read=False), "MissingRights", "GRANT SELECT ON public.orders TO datamover"),
    "no replica identity": (
        there(identity=None, keys=()),
        "NoReplicaIdentity",
        "or ALTER TABLE public.orders REPLICA IDENTITY FULL, or set spec.tables[0].publish to Insert",
    ),
    "a partition without one": (there(kind="p", lacking=("orders_eu",)), "NoReplicaIdentity", "orders_eu"),
    "an unknown column": (lambda s: s.table(columns=["id", "nope"]), "ColumnNotFound", "has no column nope"),
    "the key left out": (lambda s: s.table(columns=["item"]), "NoReplicaIdentity", "must include id"),
    "a filter beyond the key": (
        both(lambda s: s.table(where="item = 'x'"), lambda s: s.filters.update({KEY: ("item",)})),
        "NoReplicaIdentity",
        "spec.tables[0].where: uses item",
    ),
    "filters on 14": (
        both(lambda s: s.table(where="id > 1"), lambda s: s.at_source(server=replace(OLD, version=140000))),
        "UnsupportedVersion",
        "columns and where need PostgreSQL 15",
    ),
    "a filter that is more than one": (
        lambda s: s.table(where="id > 1); DROP TABLE orders; --"),
        "InvalidSpec",
        "spec.tables[0].where: ",
    ),
    "may not write": (here(can_write=False), "MissingRights", "GRANT ALL ON public.orders TO datamover"),
    "somebody else's table at a newer destination": (
        both(
            here(is_owned=False, owner="shop"),
            lambda s: s.at_destination(server=replace(NEW, version=160000)),
        ),
        "MissingRights",
        "belongs to shop, as whom changes are applied; GRANT shop TO datamover",
    ),
    "row security": (here(row_security=True), "MissingRights", "DISABLE ROW LEVEL SECURITY"),
    "a view in its place": (here(kind="v"), "NotATable", "rename it there"),
    "a column that the destination lacks": (
        here(columns=COLUMNS[:1]),
        "ColumnNotFound",
        "ALTER TABLE public.orders ADD COLUMN item text",
    ),
    "a column that gets no value": (
        here(columns=(*COLUMNS, Column("added", "text", required=True))),
        "ColumnNotFound",
        "ALTER COLUMN added DROP NOT NULL",
    ),
    "a destination without the key": (
        here(identity=None, keys=()),
        "NoReplicaIdentity",
        "ALTER TABLE public.orders ADD PRIMARY KEY (id)",
    ),
    "a destination with another key": (
        here(identity=("item",), keys=(Key("k", "p", ("item",)),)),
        "NoReplicaIdentity",
        "has no primary key on id",
    ),
    "rows": (here(has_rows=True), "RowsExist", "TRUNCATE public.orders, or set spec.existingRows to Keep or Truncate"),
    "a table that may not be created": (
        both(uncreated, lambda s: s.spec.update(createTables=False)),
        "TableNotFound",
        "set spec.createTables to true",
    ),
    "a table whose type is not there": (
        both(uncreated, lambda s: setattr(s, "failures", (failure("create table public.orders"),))),
        "TableNotCreated",
        "table public.orders can't be created in the destination: no route to host; create it there by hand",
    ),
    "a default that calls something": (
        both(uncreated, there(columns=(*COLUMNS, Column("x", "text", default="public.evil()")))),
        "TableNotCreated",
        "create the table there by hand",
    ),
}


@pytest.mark.parametrize(("change", "reason", "says"), CASES.values(), ids=CASES)
def test_it_is_told_with_what_corrects_it(change: Change, reason: str, says: str) -> None:
    scene = Scene()
    change(scene)
    found = findings(scene.observed())
    assert (reason, True) in [(each.reason, says in each.message) for each in found], found


FINE: dict[str, Change] = {
    "as it is": lambda _: None,
    "inserts alone need no identity": both(
        lambda s: s.table(publish="Insert"), there(identity=None, keys=()), here(identity=None, keys=())
    ),
    "the whole row as identity": both(there(identity=None, identity_is_full=True), here(identity=None, keys=())),
    "somebody else's table, for a superuser": both(
        here(is_owned=False, owner="shop"),
        lambda s: s.at_destination(server=replace(NEW, version=160000, is_superuser=True)),
    ),
    "a table that is created": uncreated,
    "no free slot where it has its own": lambda s: s.at_source(free_slots=0, slots={s.observed().slot_name: Slot()}),
    "rows that may stay": both(here(has_rows=True), lambda s: s.spec.update(existingRows="Keep")),
    "rows that may go": both(here(has_rows=True), lambda s: s.spec.update(existingRows="Truncate")),
    "more columns at the destination": here(columns=(*COLUMNS, Column("added", "text"))),
    "a second database of the same server": lambda s: s.at_destination(server=replace(OLD, database="6")),
}


@pytest.mark.parametrize("change", FINE.values(), ids=FINE)
def test_what_is_fine_is_not_told(change: Change) -> None:
    scene = Scene()
    change(scene)
    assert findings(scene.observed()) == ()


def test_all_is_told_at_once() -> None:
    scene = Scene()
    scene.at_source(wal_level="replica", can_replicate=False)
    scene.at_destination(can_subscribe=False)
    here(has_rows=True, can_write=False)(scene)
    reasons = [each.reason for each in findings(scene.observed())]
    assert reasons == ["WalLevel", "MissingRights", "MissingRights", "MissingRights", "RowsExist"]
