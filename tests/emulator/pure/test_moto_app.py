"""Calling moto: a read that meets a change is done again, a write is not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from multidict import CIMultiDict

from datasync_emulator.messages import Caller, HttpRequest, Reply
from datasync_emulator.moto_services.app import MotoApp

CALLER = Caller("111122223333", "eu-central-1", datetime(2024, 1, 1, tzinfo=UTC))


class Flickering(MotoApp):
    """Meets a change twice."""

    def __init__(self) -> None:
        self.calls = 0

    def _serve(self, *_: object) -> Reply:
        self.calls += 1
        if self.calls <= 2:
            message = "dictionary changed size during iteration"
            raise RuntimeError(message)
        return Reply(200, b"")


def test_a_read_is_repeated() -> None:
    app = Flickering()
    assert app("s3", HttpRequest("GET", "/data", "", CIMultiDict(), b""), CALLER).status == 200
    assert app.calls == 3


def test_a_write_is_not() -> None:
    app = Flickering()
    with pytest.raises(RuntimeError):
        app("s3", HttpRequest("PUT", "/data", "", CIMultiDict(), b""), CALLER)
    assert app.calls == 1
