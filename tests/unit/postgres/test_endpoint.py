"""URIs, and the connection strings of subscriptions."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg.conninfo import conninfo_to_dict

from datamover_operator.postgres.destination import conninfo
from datamover_operator.postgres.endpoint import Endpoint, SourceAddress, UnusableUriError, from_uri

ENDPOINT = Endpoint("db", 5432, "shop", "sync", "word", "require")


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("postgresql://sync:word@db/shop?sslmode=require", ENDPOINT),
        ("postgres://sync:word@db:5432/shop?sslmode=require", ENDPOINT),
        ("postgresql://s%40y:w%2Fo%3Ard@db:6/s%20h", Endpoint("db", 6, "s h", "s@y", "w/o:rd")),
        ("postgresql://sync@[fd00::1]:6/shop", Endpoint("fd00::1", 6, "shop", "sync")),
    ],
)
def test_reads_the_parts_of_a_uri(uri: str, expected: Endpoint) -> None:
    assert from_uri(uri) == expected


@pytest.mark.parametrize("host", ["a%2Cb", "%40socket", "%2Ftmp", "a%20b", "a,b", "", "a;b", "a%00b", "%5B::1"])
def test_a_host_that_libpq_would_read_as_something_else_is_refused(host: str) -> None:
    """A list, a socket, or more than a name."""
    with pytest.raises(UnusableUriError, match=r"names exactly one host|must be a URI"):
        from_uri(f"postgresql://sync:word@{host}/shop")


@given(st.text())
def test_any_text_is_read_or_refused_without_being_told(text: str) -> None:
    with contextlib.suppress(UnusableUriError):
        from_uri(f"postgresql://user:secret@{text}")
    with contextlib.suppress(UnusableUriError):
        from_uri(text)


def test_an_endpoint_shows_neither_password_nor_certificates() -> None:
    shown = repr(SourceAddress(Endpoint("db", 1, "shop", "sync", "word", ca="PEM")))
    assert "word" not in shown
    assert "PEM" not in shown


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30))
def test_what_a_subscription_is_given_is_what_was_meant(password: str) -> None:
    """No password, database or user can add a parameter of its own."""
    endpoint = Endpoint("db", 5433, f"d {password}", f"u '{password}", password, "verify-full")
    found = conninfo_to_dict(conninfo(SourceAddress(endpoint, "/ca.pem"), "datamover_1", 150000))
    assert found.pop("password", "") == password
    assert found == {
        "host": "db",
        "port": "5433",
        "dbname": f"d {password}",
        "user": f"u '{password}",
        "sslmode": "verify-full",
        "sslrootcert": "/ca.pem",
        "connect_timeout": "10",
        "application_name": "datamover_1",
        "keepalives_idle": "30",
        "gssencmode": "disable",
    }


@pytest.mark.parametrize(("version", "root"), [(150000, None), (160000, "system")])
def test_newer_destinations_look_at_their_systems_certificates(version: int, root: str | None) -> None:
    address = SourceAddress(Endpoint("db", 1, "shop", "sync"))
    assert conninfo_to_dict(conninfo(address, "n", version)).get("sslrootcert") == root
