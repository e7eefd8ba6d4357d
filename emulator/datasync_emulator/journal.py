"""The journal: every AWS call that arrived, in the order of arrival, with how it ended. Secrets are left out."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from datasync_emulator.messages import Call, JsonObject
from datasync_emulator.secret_members import HIDDEN, is_secret


@dataclass(slots=True)
class Entry:
    """One call. `status` is None while it is under way; `lost` says that the caller got no answer."""

    seq: int
    time: datetime
    service: str
    operation: str
    account: str
    region: str
    params: object
    request_id: str
    status: int | None = None
    error: str | None = None
    lost: bool = False

    def shown(self) -> JsonObject:
        """The entry as the control endpoint gives it."""
        return {
            "seq": self.seq,
            "time": self.time.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "service": self.service,
            "operation": self.operation,
            "account": self.account,
            "region": self.region,
            "params": self.params,
            "status": self.status,
            "error": self.error,
            "lost": self.lost,
            "requestId": self.request_id,
        }


@dataclass
class Journal:
    """The last `limit` entries; `seq` goes on counting when older ones are dropped or all are cleared."""

    limit: int
    entries: deque[Entry] = field(init=False)

    def __post_init__(self) -> None:
        """Start empty."""
        self.entries = deque(maxlen=self.limit)
        self._numbers = itertools.count(1)

    def open(self, call: Call) -> Entry:
        """Write a call down as it arrives."""
        entry = Entry(
            seq=next(self._numbers),
            time=call.caller.now,
            service=call.service,
            operation=call.operation,
            account=call.caller.account,
            region=call.caller.region,
            params=_without_secrets(call.params),
            request_id=call.request_id,
        )
        self.entries.append(entry)
        return entry

    def since(self, seq: int, wanted: Mapping[str, str]) -> list[JsonObject]:
        """The entries after a number whose members (service, operation, account, region) are as wanted."""
        return [
            entry.shown()
            for entry in self.entries
            if entry.seq > seq and all(getattr(entry, name) == value for name, value in wanted.items())
        ]

    def clear(self) -> None:
        """Drop all entries."""
        self.entries.clear()


def _without_secrets(value: object) -> object:
    if isinstance(value, dict):
        return {name: HIDDEN if is_secret(name) else _without_secrets(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_without_secrets(item) for item in value]
    return value
