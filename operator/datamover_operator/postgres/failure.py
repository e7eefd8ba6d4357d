"""What goes wrong between the operator and a database, in the words that plans decide by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Side = Literal["source", "destination"]
SIDES: tuple[Side, Side] = ("source", "destination")


class FailureKind(Enum):
    """What a failure means for the caller."""

    UNREACHABLE = "Unreachable"
    """There is no connection, or it broke: the name, the network, or a server that is down or starting."""
    DENIED = "Denied"
    """The server refuses the login, or its certificate is refused."""
    RIGHTS = "Rights"
    """The role may not do this."""
    TIMEOUT = "Timeout"
    """The statement's time, or its time to wait for locks, was over."""
    NOT_FOUND = "NotFound"
    """An object that the statement names does not exist."""
    EXISTS = "Exists"
    """An object that the statement creates exists already."""
    BUSY = "Busy"
    """Somebody else uses or changes the object at this moment."""
    REFUSED = "Refused"
    """The server refuses the statement, for a reason that somebody has to mend."""

    @property
    def passes(self) -> bool:
        """Whether it may be over by itself soon."""
        return self in _PASSING


_PASSING = frozenset({FailureKind.UNREACHABLE, FailureKind.TIMEOUT, FailureKind.EXISTS, FailureKind.BUSY})


@dataclass(frozen=True, slots=True)
class Failure:
    """One failure. `code` is the SQLSTATE, empty where the server has not answered; no member holds a secret."""

    kind: FailureKind
    side: Side
    action: str
    code: str
    message: str

    def __str__(self) -> str:
        """Say it in one line."""
        code = f" ({self.code})" if self.code else ""
        return f"{self.side}: can't {self.action}: {self.message}{code}"


class DatabaseError(Exception):
    """Something failed at a database."""

    def __init__(self, failure: Failure) -> None:
        """Keep what failed."""
        super().__init__(str(failure))
        self.failure = failure
