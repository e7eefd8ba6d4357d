"""Names that no Kubernetes object can have, and where some would lead if they were put into a URL as they are."""

from __future__ import annotations

NAMES = (
    "../../../../../../api/v1/namespaces/datamover-system/secrets/aws",
    "../../../datamovers",
    "..",
    ".",
    "a/../b",
    "a/status",
    "/",
    "?limit=1",
    "a?watch=true",
    "a#b",
    "a;b",
    "a&b=c",
    "a\\b",
    "%2e%2e%2f%2e%2e",
    "a%2Fstatus",
    "a%00",
    "a\0",
    "a\r\nX-Injected: yes",
    "a b",
    "a\n",
    "\u202ea",
    "\u00e4",
    "\u0661",
    "A",
    "a_b",
    "-a",
    "a-",
    ".a",
    "a.",
    "a..b",
    "a:b",
    "@a",
    "$(id)",
    "{name}",
)
TOO_LONG = "a" * 254
"""A subdomain but for its length."""
