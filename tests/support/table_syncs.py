"""Table syncs for tests on the whole stack: a namespace beside two databases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from tests.support.api import Api, ApiError, JsonDict
from tests.support.movers import World, condition_of
from tests.support.postgres import Database, Pair
from tests.support.waiting import eventually

KIND = "TableSync"
CONFLICT = 409


@dataclass
class TableWorld:
    """One namespace of a real API server, beside two real databases."""

    kube: World
    pair: Pair

    @property
    def api(self) -> Api:
        return self.kube.api

    @property
    def namespace(self) -> str:
        return self.kube.namespace

    def secret(self, name: str, **values: str) -> None:
        """Make a Secret, or give it other values."""
        path = f"/api/v1/namespaces/{self.namespace}/secrets"
        if self.kube.get_at(f"{path}/{name}") is None:
            self.api.create(path, {"metadata": {"name": name}, "stringData": values})
        else:
            self.api.patch(f"{path}/{name}", {"stringData": values})

    def sync(
        self,
        name: str = "t",
        *,
        tables: list[Any] | None = None,
        uris: Mapping[str, str] = MappingProxyType({}),
        **spec: object,
    ) -> JsonDict:
        """Apply a sync of these tables, with both databases' URIs in a Secret each, or other `uris` by side."""
        self.secret("source", uri=uris.get("source", self.pair.source.url))
        self.secret("destination", uri=uris.get("destination", self.pair.destination.url))
        base: dict[str, object] = {
            "source": {"uriSecretRef": {"name": "source", "key": "uri"}},
            "destination": {"uriSecretRef": {"name": "destination", "key": "uri"}},
            "tables": tables or [{"name": "orders"}],
        }
        return self.kube.create(KIND, name, base | spec)

    def parts(self, database: Database, **members: object) -> JsonDict:
        """A database by its parts; its Secret is named after its server."""
        self.secret(database.server.name, password=database.server.password, ca=database.server.authority.read_text())
        return {
            "postgresql": {
                "host": "127.0.0.1",
                "port": database.server.port,
                "database": database.name,
                "user": "postgres",
                "passwordSecretRef": {"name": database.server.name, "key": "password"},
                "caSecretRef": {"name": database.server.name, "key": "ca"},
            }
            | members
        }

    def get(self, name: str = "t") -> JsonDict:
        found = self.kube.get(KIND, name)
        assert found is not None
        return found

    def status(self, name: str = "t") -> JsonDict:
        status: JsonDict = self.get(name).get("status", {})
        return status

    def patch(self, name: str = "t", **spec: object) -> JsonDict:
        return self.kube.patch(KIND, name, {"spec": spec})

    def wipe_status(self, name: str = "t") -> None:
        """As after a restore from a backup."""
        path = f"/apis/datamover.io/v1alpha1/namespaces/{self.namespace}/tablesyncs/{name}/status"

        def is_wiped() -> bool:
            try:
                self.api.replace(path, self.get(name) | {"status": {}})
            except ApiError as error:
                if error.status != CONFLICT:  # the operator has just written it
                    raise
                return False
            return True

        eventually(is_wiped)

    def wait(self, name: str = "t", condition: str = "Ready", timeout: float = 60, **wanted: str) -> JsonDict:
        """Wait until a condition stands at the newest generation; `reason="…"` says which."""
        return self.kube.wait_condition(KIND, name, condition, timeout=timeout, **wanted)

    def wait_phase(self, *phases: str, name: str = "t", timeout: float = 60) -> JsonDict:
        def reached() -> JsonDict:
            found = self.get(name)
            assert found.get("status", {}).get("phase") in phases, found.get("status")
            return found

        return eventually(reached, timeout, what=f"{name} is {phases}")

    def stalled(self, reason: str, name: str = "t", timeout: float = 60) -> str:
        """Wait until a sync is Stalled for this reason; return the message."""
        found = self.wait(name, "Stalled", timeout, reason=reason)
        return next(str(each["message"]) for each in found["status"]["conditions"] if each["type"] == "Stalled")

    def blocked(self, name: str = "t", timeout: float = 90) -> str:
        """Wait until a deletion says why it does not end; return the message."""

        def told() -> str:
            found = self.get(name)
            stalled = condition_of(found, "Stalled")
            assert stalled is not None
            assert (stalled["status"], stalled["reason"]) == ("True", "DeletionBlocked"), found["status"]["conditions"]
            return str(stalled["message"])

        return eventually(told, timeout, what=f"the deletion of {name} is blocked")

    def events(self, name: str = "t") -> list[tuple[str, str]]:
        """The reasons and notes of a sync's Events, in order."""
        items = self.api.get(f"/apis/events.k8s.io/v1/namespaces/{self.namespace}/events")["items"]
        own = [each for each in items if each["regarding"]["kind"] == KIND and each["regarding"]["name"] == name]
        return [(each["reason"], each["note"]) for each in sorted(own, key=lambda each: str(each["eventTime"]))]

    def delete(self, name: str = "t") -> None:
        self.kube.delete(KIND, name)

    def wait_gone(self, name: str = "t", timeout: float = 60) -> None:
        self.kube.wait_gone(KIND, name, timeout)

    def follows(self, table: str = "orders", timeout: float = 60) -> None:
        """Wait until both databases have the same rows of a table."""

        def same() -> bool:
            assert self.pair.is_same(table), self.pair.rows(table)
            return True

        eventually(same, timeout, what=f"{table} is the same on both sides")
