"""Calls moto's WSGI application with a request that another server has read."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable
from typing import Literal
from urllib.parse import unquote_to_bytes

from moto.core.request import (
    PRESERVED_HEADER_NAMES_ENVIRON_KEY,
    environ_key_for_header,
    should_preserve_original_header_name,
)
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.test import run_wsgi_app

from datasync_emulator.messages import Caller, HttpRequest, JsonObject, Reply

_NOT_PASSED_ON = frozenset({"transfer-encoding", "connection", "keep-alive", "expect"})

MotoServiceName = Literal["s3", "s3control", "iam", "sts", "sqs", "events", "logs"]
_TRIES = 20


class MotoApp:
    """moto's services as a function from request to reply; may be called from several threads at once."""

    def __init__(self, services: Iterable[MotoServiceName]) -> None:
        """Load the services. moto's own dispatcher would find them by host, which takes it a millisecond a request."""
        self._applications = {service: create_backend_app(service) for service in services}

    def __call__(self, service: MotoServiceName, request: HttpRequest, caller: Caller) -> Reply:
        """Serve one request. The account is ours to say, so that moto and DataSync agree on it."""
        for _ in range(_TRIES):
            try:
                return self._serve(service, request, caller)
            except RuntimeError:
                # moto walks its dictionaries while copies change them; what reads only can be done again.
                if request.method not in ("GET", "HEAD"):
                    raise
        return self._serve(service, request, caller)

    def _serve(self, service: MotoServiceName, request: HttpRequest, caller: Caller) -> Reply:
        chunks, status, headers = run_wsgi_app(self._applications[service], _environ(request, caller))
        return Reply(int(status.partition(" ")[0]), b"".join(chunks), dict(headers))


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
