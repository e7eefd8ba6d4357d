"""Ask a local server whether it answers."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path


def answers(url: str, authority: Path | None = None, token: str = "") -> bool:
    """Return whether a GET is answered with success, over TLS checked against `authority`; proxies are left aside."""
    if authority is not None and not authority.exists():
        return False
    context = ssl.create_default_context(cafile=authority) if authority is not None else None
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
    try:
        with urllib.request.build_opener(*handlers).open(request, timeout=5):
            return True
    except OSError:
        return False
