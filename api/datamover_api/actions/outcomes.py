"""Why an action did not do what was asked. Each facade puts it in its own words."""

from __future__ import annotations


class ActionError(Exception):
    """The action was not done; the message says why, for people."""


class AlreadyExistsError(ActionError):
    """A mover of this name exists, or is still being deleted."""


class InvalidError(ActionError):
    """The API server refuses the object."""


class GoneError(ActionError):
    """The mover is no longer there."""


class BusyError(ActionError):
    """The mover's task is running already."""


class IdleError(ActionError):
    """The mover's task is not running."""


class RefusedError(ActionError):
    """AWS refused; `reason` is the run's reason, the kind of failure."""

    def __init__(self, reason: str, message: str) -> None:
        """Keep both."""
        super().__init__(message)
        self.reason = reason


class NotDoneError(ActionError):
    """It was not done in time, and it will not be done later."""


class UnknownOutcomeError(ActionError):
    """It may have been done, or may still be."""
