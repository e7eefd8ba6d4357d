"""What some versions of PostgreSQL have and others lack: a test that speaks of it runs with the former alone."""

from __future__ import annotations

import pytest

FILTERS = pytest.mark.postgres(since=15, because="columns and row filters of a publication")
STOPS_AT_ERRORS = pytest.mark.postgres(since=15, because="disable_on_error, counters of errors, and SKIP")
IP_CERTIFICATES = pytest.mark.postgres(since=15, because="certificates for IP addresses in libpq")
NO_FILTERS = pytest.mark.postgres(before=15, because="no columns and row filters of a publication")
NEVER_STOPS = pytest.mark.postgres(before=15, because="no disable_on_error")


def reason_to_skip(mark: pytest.Mark, version: int) -> str | None:
    """Why a test does not run with this major version; None where it does."""
    since, before, because = mark.kwargs.get("since"), mark.kwargs.get("before"), mark.kwargs["because"]
    if since is not None and version < since:
        return f"PostgreSQL {version} lacks what came with {since}: {because}"
    if before is not None and version >= before:
        return f"tests PostgreSQL older than {before}, which has {because}; this is {version}"
    return None
