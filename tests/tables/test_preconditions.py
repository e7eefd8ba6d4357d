"""What stands in the way is told before anything is made, each in one sentence with the statement that mends it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pytest

from tests.support.postgres import NOTHING
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually
from tests.tables.versions import FILTERS, NO_FILTERS

Start = Callable[..., object]
Spec = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """What is wrong, how it is told, and the statement in the message that mends it (at which side), if one does."""

    name: str
    reason: str
    says: str
    source: tuple[str, ...] = ()
    destination: tuple[str, ...] = ()
    spec: Spec = field(default_factory=dict)
    at: str = ""
    mend: str = ""

    @property
    def needs_filters(self) -> bool:
        """Whether it is wrong only where tables can be published in part."""
        return any(table.keys() & {"columns", "where"} for table in self.spec.get("tables", ()))

    def __str__(self) -> str:
        return self.name


NO_KEY = "CREATE TABLE nokey (a int NOT NULL, b text)"
ORDERS = "CREATE TABLE orders (id int PRIMARY KEY, item text, price numeric)"
CASES = (
    Case("a table that is not there", "TableNotFound", "table public.gone does not exist in the source", spec={
        "tables": [{"name": "gone"}]}),
    Case("a table twice", "InvalidSpec", "spec.tables[1]: table public.orders is named twice", spec={
        "tables": [{"name": "orders"}, {"name": "public.orders"}]}),
    Case("a view", "NotATable", "public.v is no ordinary table", source=("CREATE VIEW v AS SELECT 1 AS a",), spec={
        "tables": [{"name": "v"}]}),
    Case("an unlogged table", "NotATable", "no ordinary table", source=("CREATE UNLOGGED TABLE u (a int PRIMARY KEY)",),
        spec={"tables": [{"name": "u"}]}),
    Case("no replica identity", "NoReplicaIdentity", "would make them fail at the source", source=(NO_KEY,),
        spec={"tables": [{"name": "nokey"}]}, at="source", mend="ALTER TABLE public.nokey REPLICA IDENTITY FULL"),
    Case("columns without the key", "NoReplicaIdentity", "must include id, which are part of the replica identity",
        spec={"tables": [{"name": "orders", "columns": ["item"]}]}),
    Case("a filter beyond the key", "NoReplicaIdentity", "uses price, which are not part of the replica identity",
        spec={"tables": [{"name": "orders", "where": "price > 10"}]},
        at="source", mend="ALTER TABLE public.orders REPLICA IDENTITY FULL"),
    Case("a filter that is none", "InvalidSpec", 'where: the source refuses it: column "prise" does not exist',
        spec={"tables": [{"name": "orders", "where": "prise > 10"}]}),
    Case("a filter that is more than one", "InvalidSpec", "where: a ')' closes nothing",
        spec={"tables": [{"name": "orders", "where": "true), TABLE secrets WHERE (true"}]}),
    Case("a filter with a function of one's own", "InvalidSpec", "the source refuses it: ",
        source=("CREATE FUNCTION f(int) RETURNS bool VOLATILE LANGUAGE sql AS 'SELECT true'",),
        spec={"tables": [{"name": "orders", "where": "public.f(id)"}]}),
    Case("a column that is not there", "ColumnNotFound", "table public.orders has no column prise",
        spec={"tables": [{"name": "orders", "columns": ["id", "prise"]}]}),
    Case("rows that are there", "RowsExist", "the destination has rows already in public.orders",
        destination=(ORDERS, "INSERT INTO orders VALUES (1, 'mine', 1)"),
        at="destination", mend="TRUNCATE public.orders"),
    Case("a column that the destination lacks", "ColumnNotFound", "of the destination lacks column price",
        destination=("CREATE TABLE orders (id int PRIMARY KEY, item text)",),
        at="destination", mend="ALTER TABLE public.orders ADD COLUMN price numeric(10,2)"),
    Case("a column that gets no value", "ColumnNotFound", "of the destination is NOT NULL and gets no value",
        destination=(ORDERS, "ALTER TABLE orders ADD COLUMN extra int NOT NULL"),
        at="destination", mend="ALTER TABLE public.orders ALTER COLUMN extra DROP NOT NULL"),
    Case("a destination without the key", "NoReplicaIdentity", "has no primary key on id, as the source has",
        destination=("CREATE TABLE orders (id int, item text, price numeric)",),
        at="destination", mend="ALTER TABLE public.orders ADD PRIMARY KEY (id)"),
    Case("a view at the destination", "NotATable", "public.orders is no table at the destination",
        destination=("CREATE VIEW orders AS SELECT 1 AS id",)),
    Case("no table, and none is to be made", "TableNotFound", "does not exist in the destination; create it there",
        spec={"createTables": False}),
    Case("a type that the destination lacks", "TableNotCreated", 'type "public.mood" does not exist',
        source=("CREATE TYPE mood AS ENUM ('sad')", "CREATE TABLE moods (id int PRIMARY KEY, m mood)"),
        spec={"tables": [{"name": "moods"}]}),
    Case("a default that calls what is not known", "TableNotCreated", "the function pg_read_file is not known",
        source=("CREATE TABLE d (id int PRIMARY KEY, t text DEFAULT pg_read_file('/etc/hostname'))",),
        spec={"tables": [{"name": "d"}]}),
)  # fmt: skip


EACH = [pytest.param(case, marks=FILTERS if case.needs_filters else (), id=str(case)) for case in CASES]


@pytest.mark.parametrize("case", EACH)
def test_what_is_wrong_is_told_and_mended_as_it_says(tables: TableWorld, start: Start, case: Case) -> None:
    for statement in case.source:
        tables.pair.source.run(statement)
    for statement in case.destination:
        tables.pair.destination.run(statement)
    start()
    tables.sync(**case.spec)
    message = tables.stalled(case.reason)
    assert case.says in message
    assert tables.pair.leftovers() == NOTHING
    assert "finalizers" not in tables.get()["metadata"], "nothing was made, so nothing holds the object"
    eventually(lambda: (case.reason, message[:1024]) in tables.events(), what="an Event says so, too")
    if case.mend:
        assert case.mend in message
        (tables.pair.source if case.at == "source" else tables.pair.destination).run(case.mend)
        tables.patch(maxRetainedWal="9Gi")  # has it looked at now
        tables.wait()
    tables.delete()
    tables.wait_gone()


@NO_FILTERS
@pytest.mark.parametrize("part", [{"columns": ["id", "item"]}, {"where": "id > 5"}], ids=str)
def test_a_source_that_publishes_no_part_of_a_table_says_which_version_does(
    tables: TableWorld, start: Start, part: Spec
) -> None:
    start()
    tables.sync(tables=[{"name": "orders"} | part])
    message = tables.stalled("UnsupportedVersion")
    assert message == "spec.tables[0]: columns and where need PostgreSQL 15 or newer at the source"
    assert tables.pair.leftovers() == NOTHING
    tables.patch(tables=[{"name": "orders"}])
    tables.wait()
    tables.follows()


def test_all_findings_are_told_at_once(tables: TableWorld, start: Start) -> None:
    tables.pair.source.run(NO_KEY)
    start()
    tables.sync(tables=[{"name": "gone"}, {"name": "nokey"}])
    message = tables.stalled("TableNotFound")
    assert "public.gone" in message
    assert "public.nokey has no replica identity" in message


@pytest.mark.parametrize(
    ("side", "grants", "says", "mends"),
    [
        ("source", (), "may not replicate; ALTER ROLE {role} REPLICATION", "ALTER ROLE {role} REPLICATION"),
        ("source", (), "belongs to postgres; GRANT postgres TO {role}", ""),
        ("destination", (), "may not create a subscription; {subscribing}", "{subscribing}"),
    ],
)
def test_rights_that_are_missing_are_told_with_the_grant(
    tables: TableWorld, start: Start, side: str, grants: tuple[str, ...], says: str, mends: str
) -> None:
    database = tables.pair.source if side == "source" else tables.pair.destination
    role = f"low_{database.name}"
    has_a_role_for_it = int(database.value("SHOW server_version_num")) >= 160_000
    subscribing = f"GRANT pg_create_subscription TO {role}" if has_a_role_for_it else f"ALTER ROLE {role} SUPERUSER"
    told = {"role": role, "subscribing": subscribing}
    database.run(f"CREATE ROLE {role} LOGIN PASSWORD 'low'")
    try:
        start()
        tables.sync(uris={side: database.server.url(database.name, user=role, password="low")})
        message = tables.stalled("MissingRights")
        assert says.format(**told) in message
        assert tables.pair.leftovers() == NOTHING
        if mends:
            database.run(mends.format(**told))
            tables.patch(maxRetainedWal="9Gi")
            eventually(lambda: mends.format(**told) not in str(tables.status()["conditions"]))
    finally:
        tables.delete()
        tables.wait_gone()
        database.run(f"DROP OWNED BY {role}")
        database.run(f"DROP ROLE {role}")


def test_a_role_that_lacks_all_rights_at_the_destination_is_given_them_statement_by_statement(
    tables: TableWorld, start: Start
) -> None:
    database = tables.pair.destination
    role = f"low_{database.name}"
    has_a_role_for_it = int(database.value("SHOW server_version_num")) >= 160_000
    statements = (
        "ALTER TABLE public.orders DISABLE ROW LEVEL SECURITY",
        f"GRANT CREATE ON DATABASE {database.name} TO {role}",
        f"GRANT pg_create_subscription TO {role}" if has_a_role_for_it else f"ALTER ROLE {role} SUPERUSER",
    )
    database.run(f"CREATE ROLE {role} LOGIN PASSWORD 'low'")
    try:
        database.run(ORDERS)
        for each in (f"OWNER TO {role}", "ENABLE ROW LEVEL SECURITY", "FORCE ROW LEVEL SECURITY"):
            database.run(f"ALTER TABLE orders {each}")
        start()
        tables.sync(destination={"uriSecretRef": {"name": "low", "key": "uri"}}, suspend=True)
        tables.secret("low", uri=database.server.url(database.name, user=role, password="low"))
        tables.patch(suspend=False)
        told = tables.stalled("MissingRights")
        for number, each in enumerate(statements):
            assert each in told
            database.run(each)
            tables.patch(maxRetainedWal=f"{9 - number}Gi")  # has it looked at now
            eventually(partial(_is_untold, tables, each))
        tables.wait()
        tables.follows()
    finally:
        tables.delete()
        tables.wait_gone()
        database.run(f"DROP OWNED BY {role}")
        database.run(f"DROP ROLE {role}")


def _is_untold(tables: TableWorld, statement: str) -> bool:
    return statement not in str(tables.status()["conditions"])


def test_source_and_destination_must_not_be_one_database(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(destination={"uriSecretRef": {"name": "source", "key": "uri"}})
    assert "is the same database as the source" in tables.stalled("SameDatabase")


def test_a_source_that_the_destination_server_can_not_reach_is_told(tables: TableWorld, start: Start) -> None:
    start()
    tables.sync(source=tables.parts(tables.pair.source, reachedFromDestination={"port": 1}))
    message = tables.stalled("SourceNotReached")
    assert "the destination server can't connect to the source" in message
    assert "Connection refused" in message
    assert tables.pair.leftovers() == NOTHING


def test_what_bears_our_name_and_another_owner_is_never_touched(tables: TableWorld, start: Start) -> None:
    tables.secret("source", uri="not yet")
    uid = tables.sync(suspend=True)["metadata"]["uid"]
    name = f"datamover_{uid.replace('-', '')}"
    tables.pair.source.run(f"CREATE PUBLICATION {name}")
    tables.pair.source.run(f"COMMENT ON PUBLICATION {name} IS 'datamover.io other/ns/name/uid tables=1'")
    start()
    message = tables.stalled("AlreadyManaged")
    assert f"publication {name} belongs to TableSync other/ns/name/uid" in message
    tables.delete()
    tables.wait_gone()
    assert tables.pair.leftovers()["publications"] == [name]


def test_what_bears_our_name_and_another_owner_can_be_dropped_as_it_says(tables: TableWorld, start: Start) -> None:
    uid = tables.sync(suspend=True)["metadata"]["uid"]
    name = f"datamover_{uid.replace('-', '')}"
    tables.pair.source.run(f"CREATE PUBLICATION {name}")
    start()
    assert f"if nothing uses it any more, DROP PUBLICATION {name}" in tables.stalled("AlreadyManaged")
    tables.pair.source.run(f"DROP PUBLICATION {name}")
    tables.patch(suspend=False)
    slot = tables.wait()["status"]["slotName"]

    tables.pair.destination.run(f"COMMENT ON SUBSCRIPTION {name} IS 'datamover.io other/ns/name/uid'")
    tables.patch(maxRetainedWal="9Gi")  # has it looked at now
    told = tables.stalled("AlreadyManaged")
    assert f"DROP SUBSCRIPTION {name}, which also drops the slot {slot} at the server" in told
    tables.pair.destination.run(f"DROP SUBSCRIPTION {name}")
    assert tables.pair.leftovers()["slots"] == []
    tables.patch(maxRetainedWal="8Gi")
    assert "set spec.resync to a new token to copy the tables anew" in tables.stalled("SubscriptionLost")
    tables.patch(resync="1")
    tables.wait()
    assert tables.pair.is_same("orders")
