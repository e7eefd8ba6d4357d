"""Ask a local server whether it answers."""

from __future__ import annotations

import ssl
import urllib.error
import urllib.request
from pathlib import Path


def answers(url: str, authority: Path | None = None, token: str = "") -> bool:
    """Return whether a GET is answered with success, over TLS checked against `authority`; proxies are left aside.

    A server that has not written its certificate yet, or only half of it, does not answer.
    """
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        context = ssl.create_default_context(cafile=authority) if authority is not None else None
        handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
        with urllib.request.build_opener(*handlers).open(request, timeout=5):
            return True
    except urllib.error.HTTPError as answer:
        answer.close()
        return False
    except OSError:
        return False
