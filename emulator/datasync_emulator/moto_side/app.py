"""Calls moto's WSGI application with a request that another server has read."""

from __future__ import annotations

import io
import logging
import sys
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from datasync_emulator.messages import Caller, HttpRequest, JsonObject, Reply

_log = logging.getLogger(__name__)
_NOT_PASSED_ON = frozenset({"transfer-encoding", "connection", "keep-alive", "expect"})


class MotoApp:
    """moto as a function from request to reply; may be called from several threads at once."""

    def __init__(self) -> None:
        """Nothing is loaded until a service is first called."""
        self._application = DomainDispatcherApplication(create_backend_app)

    def __call__(self, request: HttpRequest, caller: Caller) -> Reply:
        """Serve one request. The account is ours to say, so that moto and DataSync agree on it."""
        status = 500
        headers: dict[str, str] = {}

        def start_response(line: str, pairs: list[tuple[str, str]], _: object = None) -> None:
            nonlocal status
            status = int(line.split(" ", 1)[0])
            headers.update(pairs)

        chunks = self._application(_environ(request, caller), start_response)
        return Reply(status, b"".join(chunks), headers)


def _environ(request: HttpRequest, caller: Caller) -> JsonObject:
    host = request.headers.get("Host", "localhost")
    environ: JsonObject = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(request.path).decode("latin-1"),
        "RAW_URI": request.path + (f"?{request.query}" if request.query else ""),
        "QUERY_STRING": request.query,
        "SERVER_NAME": host.partition(":")[0],
        "SERVER_PORT": host.partition(":")[2] or "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    preserved: dict[str, str] = {}
    for name, value in request.headers.items():
        key = environ_key_for_header(name)
        if key == "CONTENT_LENGTH" or name.lower() in _NOT_PASSED_ON:
            continue
        environ[key] = value
        if should_preserve_original_header_name(name):
            preserved[key] = name
    environ[PRESERVED_HEADER_NAMES_ENVIRON_KEY] = preserved
    environ["HTTP_X_MOTO_ACCOUNT_ID"] = caller.account
    return environ
