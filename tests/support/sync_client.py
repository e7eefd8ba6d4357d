"""A client of the DataSync API v2.1."""

from __future__ import annotations

from typing import Any

from tests.support.rest import NAMED_KEY, Answer, Client
from tests.support.waiting import eventually

SYNC = "/api/v1/sync"
ON: Any = {
    "sync_enabled": True,
    "legacy_enabled": False,
    "sync_administrators": "root",
    "database_hosts": "127.0.0.1,*",
}
"""The settings of a service that serves this API alone."""


class SyncClient(Client):
    """A client with a key of the API."""

    def __init__(self, url: str, key: str = NAMED_KEY) -> None:
        super().__init__(url)
        self._bearer = {"Authorization": f"Bearer {key}"}

    def ask(self, method: str, path: str = "", body: object = None, **headers: str) -> Answer:
        return self.send(method, SYNC + path, body, headers=self._bearer | headers)

    def until(self, path: str, **wanted: object) -> Any:  # noqa: ANN401 - JSON
        def reached() -> Any:  # noqa: ANN401 - JSON
            found = self.ask("GET", path).json
            assert {name: found[name] for name in wanted} == wanted, found
            return found

        return eventually(reached, 60, what=f"{path} is {wanted}")
