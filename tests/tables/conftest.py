"""What tests of table syncs start from: two PostgreSQL servers for each pytest worker, two databases for each test."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from functools import partial

import pytest

from datamover_dev.postgres.programs import is_installed
from datamover_dev.postgres.server import PostgresServer
from datamover_dev.stack.operator import Operator
from tests.support.api import Api
from tests.support.emulator import Emulator
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.postgres import Pair, two_databases, two_servers
from tests.support.rights import withhold_storage_secrets
from tests.support.table_syncs import TableWorld
from tests.tables.versions import reason_to_skip


@pytest.fixture(scope="session")
def postgres_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PostgresServer, PostgresServer]]:
    """A source server and a destination server, one pair for each pytest worker."""
    if not is_installed():
        pytest.skip("PostgreSQL's server is not installed (on Debian: apt-get install postgresql)")
    with two_servers(tmp_path_factory.mktemp("postgres")) as servers:
        yield servers


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the end of both servers' logs with a failed test."""
    report = yield
    servers = getattr(item, "funcargs", {}).get("postgres_servers", ())
    if report.failed:
        report.sections += [(f"{server.name} log", server.tail()) for server in servers]
    return report


@pytest.fixture
def pair(request: pytest.FixtureRequest, postgres_servers: tuple[PostgresServer, PostgresServer]) -> Iterator[Pair]:
    """A fresh database on each server, if the servers have what the test's mark asks for."""
    with two_databases(postgres_servers) as pair:
        for mark in request.node.iter_markers("postgres"):
            if because := reason_to_skip(mark, pair.version):
                pytest.skip(because)
        yield pair


@pytest.fixture
def tables(api: Api, emulator: Emulator, namespace: str, pair: Pair) -> TableWorld:
    """A namespace beside two fresh databases; the source's has the table `orders` with 1,000 rows."""
    pair.source.run("CREATE TABLE orders (id int PRIMARY KEY, item text NOT NULL, price numeric(10, 2))")
    pair.source.run("INSERT INTO orders SELECT n, 'item ' || n, n * 1.5 FROM generate_series(1, 1000) n")
    return TableWorld(World(api, emulator, namespace), pair)


@pytest.fixture
def no_secrets(api: Api, operator: Operators, namespace: str) -> None:
    """The chart's value secretNamespaces does not name the namespace."""
    del operator
    withhold_storage_secrets(api, namespace)


@pytest.fixture
def start(operator: Operators) -> partial[Operator]:
    """Starts an operator that may connect to the databases."""
    return partial(operator, database_hosts="127.0.0.1")
