"""Errors of psycopg, classified once."""

from __future__ import annotations

import psycopg
import pytest
from psycopg import errors

from datamover_operator.postgres.errors import classify, hidden
from datamover_operator.postgres.failure import FailureKind


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (errors.InvalidPassword("no"), FailureKind.DENIED),
        (errors.InvalidAuthorizationSpecification("no"), FailureKind.DENIED),
        (errors.InvalidCatalogName("no"), FailureKind.DENIED),
        (errors.InsufficientPrivilege("no"), FailureKind.RIGHTS),
        (errors.QueryCanceled("no"), FailureKind.TIMEOUT),
        (errors.LockNotAvailable("no"), FailureKind.TIMEOUT),
        (errors.UndefinedObject("no"), FailureKind.NOT_FOUND),
        (errors.UndefinedTable("no"), FailureKind.NOT_FOUND),
        (errors.DuplicateObject("no"), FailureKind.EXISTS),
        (errors.DuplicateTable("no"), FailureKind.EXISTS),
        (errors.UniqueViolation("pg_type_typname_nsp_index"), FailureKind.EXISTS),
        (errors.ObjectInUse("no"), FailureKind.BUSY),
        (errors.InternalError_("tuple concurrently updated"), FailureKind.BUSY),
        (errors.InternalError_("cache lookup failed"), FailureKind.REFUSED),
        (errors.AdminShutdown("no"), FailureKind.UNREACHABLE),
        (errors.CannotConnectNow("no"), FailureKind.UNREACHABLE),
        (errors.TooManyConnections("no"), FailureKind.UNREACHABLE),
        (errors.ConnectionFailure("no"), FailureKind.UNREACHABLE),
        (errors.SyntaxError("no"), FailureKind.REFUSED),
        (
            psycopg.OperationalError('connection failed: FATAL:  no pg_hba.conf entry for host "::1"'),
            FailureKind.DENIED,
        ),
        (psycopg.OperationalError("SSL error: certificate verify failed"), FailureKind.DENIED),
        (psycopg.OperationalError("Connection refused"), FailureKind.UNREACHABLE),
        (psycopg.OperationalError("consuming input failed: server closed the connection"), FailureKind.UNREACHABLE),
        (TimeoutError(), FailureKind.UNREACHABLE),
        (ConnectionResetError("reset"), FailureKind.UNREACHABLE),
    ],
    ids=repr,
)
def test_what_an_error_means(error: Exception, kind: FailureKind) -> None:
    failure = classify(error, "source", "do it")
    assert failure.kind is kind
    assert failure.kind.passes == (kind.value in {"Unreachable", "Timeout", "Exists", "Busy"})
    assert str(failure).startswith("source: can't do it: ")


def test_a_message_is_one_line_without_secrets_and_not_too_long() -> None:
    error = psycopg.OperationalError("failed for pass-word\n\tpassword=other " + "x" * 5000)
    message = classify(error, "source", "connect", ("pass-word", "", "ab")).message
    assert message.startswith("failed for [redacted] password=[redacted]")
    assert len(message) <= 1000


def test_a_secret_of_a_letter_is_not_told_by_its_absence() -> None:
    assert hidden("a table", ("a",)) == "a table"
