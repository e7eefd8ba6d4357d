"""Where the operator connects to, whose Secrets it reads, and that no password is told anywhere."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
import urllib3

from datamover_dev.stack.operator import Operator
from tests.support.postgres import NOTHING
from tests.support.table_syncs import TableWorld
from tests.support.waiting import eventually

Start = Callable[..., Operator]
DATABASE = {"port": 5432, "sslMode": "disable"}


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that must not be connected to."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0)
        yield server


def was_called(server: socket.socket) -> bool:
    try:
        server.accept()[0].close()
    except BlockingIOError:
        return False
    return True


@pytest.mark.parametrize(
    ("hosts", "host", "says"),
    [
        ("", "127.0.0.1", "'127.0.0.1' is not allowed by the operator's setting databaseHosts (now: none)"),
        ("*.example.com,10.0.0.0/8", "127.0.0.1", "is not allowed by the operator's setting databaseHosts"),
        ("*", "127.0.0.1", "is not allowed"),
        ("*", "localhost", "is not allowed"),
        ("*", "::1", "is not allowed"),
        ("*", "::ffff:127.0.0.1", "is not allowed"),
        ("*,169.254.169.254", "169.254.169.254", "a link-local, metadata or reserved address"),
        ("*", "fd00:ec2::254", "a link-local, metadata or reserved address"),
        ("*", "::ffff:169.254.169.254", "a link-local, metadata or reserved address"),
        ("*", "64:ff9b::a9fe:a9fe", "a link-local, metadata or reserved address"),
        ("*", "0.0.0.0", "a link-local, metadata or reserved address"),  # noqa: S104 - to be refused
        ("*", "2130706433", "is neither a host name nor an IP address"),
        ("*", "0x7f000001", "is neither a host name nor an IP address"),
        ("*", "127.1", "is neither a host name nor an IP address"),
    ],
)
def test_hosts_that_are_not_allowed_are_never_connected_to(
    tables: TableWorld, start: Start, listener: socket.socket, hosts: str, host: str, says: str
) -> None:
    start(database_hosts=hosts)
    port = listener.getsockname()[1]
    tables.sync(source=tables.parts(tables.pair.source, host=host, port=port, sslMode="disable"))
    assert says in tables.stalled("AccessDenied")
    assert not was_called(listener)


@pytest.mark.parametrize("host", ["169.254.169.254", "other.example.com", "0x7f000001"])
def test_the_destination_is_sent_to_no_host_that_is_not_allowed(tables: TableWorld, start: Start, host: str) -> None:
    start()
    tables.sync(source=tables.parts(tables.pair.source, sslMode="require", reachedFromDestination={"host": host}))
    assert host in tables.stalled("AccessDenied")
    assert tables.pair.leftovers() == NOTHING


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("{uri}&hostaddr=127.0.0.1", "of a URI's parameters only sslmode is accepted"),
        ("{uri}&service=other", "of a URI's parameters only sslmode is accepted"),
        ("{uri}&host=/var/run/postgresql", "of a URI's parameters only sslmode is accepted"),
        ("{uri}&options=-c%20search_path=evil", "of a URI's parameters only sslmode is accepted"),
        ("postgresql://u:p-w-d@%2Fvar%2Frun/db", "it names exactly one host"),
        ("postgresql://u:p-w-d@one,two/db", "it names exactly one host"),
        ("postgresql://u:p-w-d@one:5432,two:5433/db", "a port is a number"),
        ("postgresql:///db", "it names exactly one host"),
        ("postgresql://one/db", "it names a user and a database"),
        ("postgresql://u:p-w-d@one", "it names a user and a database"),
        ("mysql://u:p-w-d@one/db", "must be a URI such as"),
        ("host=one user=u password=p-w-d", "must be a URI such as"),
        ("postgresql://u:p-w-d@one/db?sslmode=prefer", "sslmode must be one of"),
    ],
)
def test_a_uri_leads_to_the_one_host_that_it_shows(tables: TableWorld, start: Start, change: str, says: str) -> None:
    start()
    tables.sync(uris={"source": change.format(uri=tables.pair.source.url)})
    message = tables.stalled("InvalidSecret")
    assert message.startswith("spec.source.uriSecretRef: ")
    assert says in message
    assert "p-w-d" not in str(tables.get())
    assert tables.pair.source.server.password not in str(tables.get())


def test_libpqs_environment_leads_nowhere_else(
    tables: TableWorld, start: Start, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {
        "PGHOST": "127.0.0.1",
        "PGHOSTADDR": "127.0.0.1",
        "PGPORT": str(listener.getsockname()[1]),
        "PGSERVICE": "nowhere",
        "PGOPTIONS": "-c statement_timeout=1",
        "PGSSLMODE": "verify-full",
        "PGPASSFILE": "/etc/passwd",
        "PGREQUIREAUTH": "gss",
    }.items():
        monkeypatch.setenv(name, value)
    start()
    tables.sync()
    tables.wait()
    assert not was_called(listener)


def test_a_namespace_that_the_chart_does_not_name_says_which_value_to_set(
    tables: TableWorld, start: Start, no_secrets: None
) -> None:
    start()
    tables.sync()
    message = tables.stalled("InvalidSecret")
    assert f"Secret '{tables.namespace}/source': may not be read" in message
    assert f"add '{tables.namespace}' to the chart's value secretNamespaces" in message


@pytest.mark.parametrize(
    ("secret", "says"),
    [({"other": "x"}, "has no key 'uri'"), ({"uri": ""}, "has no key 'uri'"), (None, "does not exist; create it")],
)
def test_a_secret_that_lacks_something_is_told(
    tables: TableWorld, start: Start, secret: dict[str, str] | None, says: str
) -> None:
    start()
    tables.sync(destination={"uriSecretRef": {"name": "mine", "key": "uri"}})
    if secret is not None:
        tables.secret("mine", **secret)
        tables.patch(maxRetainedWal="9Gi")
    assert says in tables.stalled("InvalidSecret")


def test_passwords_are_told_nowhere(tables: TableWorld, start: Start) -> None:
    """Neither where all is well nor where statements that hold one fail."""
    pair = tables.pair
    role = f"strange_{pair.source.name}"
    word = "Pa$$ w'ord\\%41\"{}"
    pair.source.run(f"CREATE ROLE {role} SUPERUSER LOGIN PASSWORD '{word.replace(chr(39), chr(39) * 2)}'")
    try:
        operator = start(log_level="debug")
        source = tables.parts(pair.source, user=role, sslMode="require", reachedFromDestination={"port": 1})
        source["postgresql"]["passwordSecretRef"] = {"name": "strange", "key": "password"}
        tables.secret("strange", password=word)
        tables.sync(source=source)
        tables.stalled("SourceNotReached")
        source["postgresql"]["reachedFromDestination"] = {"port": pair.source.server.port}
        tables.patch(source=source)
        tables.wait()
        tables.follows()
        tables.secret("strange", password="wrong-w'ord")
        tables.patch(maxRetainedWal="9Gi")
        tables.stalled("AccessDenied")
        tables.secret("strange", password=word)
        tables.patch(maxRetainedWal="8Gi")
        tables.wait()

        metrics = urllib3.request("GET", f"{operator.url}/metrics").data.decode()
        told = {
            "object": str(tables.get()),
            "events": str(tables.events()),
            "operator's log": operator.log.read_text(),
            "metrics": metrics,
            "source's log": pair.source.server.tail(100_000),
            "destination's log": pair.destination.server.tail(100_000),
            "comments": str(pair.source.run("SELECT obj_description(oid) FROM pg_publication")),
        }
        secrets = (word, "w'ord", "ord\\%41", pair.source.server.password, urlsplit(pair.source.url).password or "?")
        found = [(where, secret) for where, text in told.items() for secret in secrets if secret in text]
        assert found == []
        eventually(lambda: "datamover" in pair.destination.server.tail(100_000))
    finally:
        tables.delete()
        tables.wait_gone()
        pair.source.run(f"DROP ROLE {role}")
