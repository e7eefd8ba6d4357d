"""Types that all resources share."""

from __future__ import annotations

from pydantic import JsonValue

JsonObject = dict[str, JsonValue]
"""A JSON object, as Kubernetes and DataSync exchange it; member names are camelCase."""
