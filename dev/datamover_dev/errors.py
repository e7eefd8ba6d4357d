"""The one error that the dev commands show to a person without a traceback."""

from __future__ import annotations


class SetupError(Exception):
    """Something on this machine is missing or does not start; the message says what to do about it."""
