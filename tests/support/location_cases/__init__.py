"""One row for each type of location: what users declare of it, and what DataSync makes of that.

The tests of schema, diff, plan, grants and import run over these rows; a new type is one row more.
"""

from __future__ import annotations

from tests.support.location_cases import clouds, efs, fsx, s3, servers
from tests.support.location_cases.case import (
    AGENT,
    AGENTS,
    OTHER_AGENT,
    SECRET,
    SECRET_VALUES,
    Edit,
    LocationCase,
    ref,
)

__all__ = ["AGENT", "AGENTS", "CASES", "OTHER_AGENT", "SECRET", "SECRET_VALUES", "Edit", "LocationCase", "ref"]

CASES: tuple[LocationCase, ...] = (*s3.CASES, *efs.CASES, *fsx.CASES, *servers.CASES, *clouds.CASES)
