"""A few requests to the API server without a process for each."""

from __future__ import annotations

import base64
import json
import ssl
from pathlib import Path
from typing import Any

import urllib3

from tests.support.waiting import PATIENCE_S

JsonDict = dict[str, Any]

GROUP = "/apis/datamover.io/v1alpha1"


class ApiError(Exception):
    """The API server refused; `status` is the HTTP status, `body` its answer: a Status object, or plain text."""

    def __init__(self, status: int, body: str) -> None:
        super().__init__(f"{status}: {body}")
        self.status = status
        self.body = body


class Api:
    """The API server as the kubeconfig's user sees it. Paths are as in `kubectl get --raw`."""

    def __init__(self, kubeconfig: Path) -> None:
        config = json.loads(kubeconfig.read_text())
        cluster = config["clusters"][0]["cluster"]
        authority = base64.b64decode(cluster["certificate-authority-data"]).decode()
        self._server = cluster["server"]
        self._headers = {"Authorization": f"Bearer {config['users'][0]['user']['token']}"}
        context = ssl.create_default_context(cadata=authority)
        self._pool = urllib3.PoolManager(ssl_context=context, maxsize=32, timeout=PATIENCE_S)

    def close(self) -> None:
        """Let go of the connections."""
        self._pool.clear()

    def get(self, path: str) -> JsonDict:
        """Return an object or a list."""
        return self._send("GET", path)

    def text(self, path: str) -> str:
        """Return what is no JSON, such as /metrics."""
        return self._pool.request("GET", self._server + path, headers=self._headers).data.decode()

    def create(self, path: str, body: JsonDict, *, query: str = "fieldValidation=Strict") -> JsonDict:
        """POST an object to its collection."""
        return self._send("POST", f"{path}?{query}", body, "application/json")

    def replace(self, path: str, body: JsonDict, *, query: str = "fieldValidation=Strict") -> JsonDict:
        """PUT an object."""
        return self._send("PUT", f"{path}?{query}", body, "application/json")

    def patch(self, path: str, body: JsonDict) -> JsonDict:
        """Send a merge patch."""
        return self._send("PATCH", path, body, "application/merge-patch+json")

    def patch_text(self, path: str, patch: bytes) -> None:
        """Send a merge patch as it is, and do not read the answer."""
        headers = self._headers | {"Content-Type": "application/merge-patch+json"}
        answer = self._pool.request("PATCH", self._server + path, body=patch, headers=headers)
        if answer.status >= 400:
            raise ApiError(answer.status, answer.data.decode())

    def delete(self, path: str) -> JsonDict:
        """Ask for deletion; does not wait for finalizers."""
        return self._send("DELETE", path)

    def _send(self, method: str, path: str, body: JsonDict | None = None, media_type: str | None = None) -> JsonDict:
        headers = self._headers | ({"Content-Type": media_type} if media_type else {})
        payload = None if body is None else json.dumps(body).encode()
        answer = self._pool.request(method, self._server + path, body=payload, headers=headers)
        if answer.status >= 400:
            raise ApiError(answer.status, answer.data.decode())
        content: JsonDict = json.loads(answer.data)
        return content
