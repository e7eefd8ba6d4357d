"""One stream for all loggers, as JSON or for people, with the object's name and without secrets."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from datamover_common import logs
from datamover_common.settings import LogFormat

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def stream() -> Iterator[io.StringIO]:
    """A stream for the logs, and everything as it was afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in logs._QUIET}
    yield io.StringIO()
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def events(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_lines_name_time_level_event_and_the_object(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    with logs.about(kind="DataMover", namespace="team", name="nightly", uid="u-1"):
        structlog.get_logger("ours").info("reconciled", steps=3)
    structlog.get_logger("ours").info("outside")
    inside, outside = events(stream)
    assert list(inside)[:3] == ["timestamp", "level", "event"]
    assert inside["timestamp"].endswith("Z")
    expected = {"kind": "DataMover", "namespace": "team", "name": "nightly", "uid": "u-1", "steps": 3, "logger": "ours"}
    assert inside.items() >= expected.items()
    assert "namespace" not in outside


def test_cluster_scoped_objects_have_no_namespace(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    with logs.about(kind="DataMoverAccount", namespace=None, name="main", uid="u"):
        structlog.get_logger().warning("denied")
    assert "namespace" not in events(stream)[0]


def test_the_standard_library_ends_in_the_same_stream(stream: io.StringIO) -> None:
    logs.configure("json", "info", stream)
    with logs.about(kind="DataMover", namespace="team", name="nightly", uid="u-1"):
        logging.getLogger("library").warning("%d of %s", 3, "them")
        with warnings.catch_warnings():
            warnings.simplefilter("always")
            warnings.warn("old API", UserWarning, stacklevel=1)
    first, second = events(stream)
    assert (first["event"], first["level"], first["name"]) == ("3 of them", "warning", "nightly")
    assert "old API" in second["event"]


def test_levels_hold_and_chatty_libraries_are_quiet_even_at_debug(stream: io.StringIO) -> None:
    logs.configure("json", "debug", stream)
    structlog.get_logger().debug("shown")
    for name in ("botocore.endpoint", "kopf.objects", "aiohttp.access", "urllib3.connectionpool"):
        logging.getLogger(name).info("Authorization: chatter")
    assert [event["event"] for event in events(stream)] == ["shown"]


def test_less_important_events_are_left_out(stream: io.StringIO) -> None:
    logs.configure("json", "warning", stream)
    structlog.get_logger().info("no")
    logging.getLogger("library").info("no")
    structlog.get_logger().error("yes")
    assert [event["event"] for event in events(stream)] == ["yes"]


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_secrets_appear_nowhere(stream: io.StringIO, log_format: LogFormat) -> None:
    logs.configure(log_format, "info", stream)
    log = structlog.get_logger("ours")
    log.info(
        "request password=SECRET9",
        secret_access_key="SECRET9",
        nested={"password": "SECRET9", "list": [{"sessionToken": "SECRET9"}, "aws_session_token=SECRET9"]},
        error=ValueError("secret_key: SECRET9"),
        raw=b"password=SECRET9",
        count=3,
        nothing=None,
    )
    try:
        raise ValueError("aws_secret_access_key=SECRET9")  # noqa: TRY301
    except ValueError:
        log.exception("failed")
        logging.getLogger("library").exception("failed with %s", "password=SECRET9")
    assert "SECRET9" not in stream.getvalue()
    assert stream.getvalue().count("Traceback") == 2


def test_console_lines_are_for_people(stream: io.StringIO) -> None:
    logs.configure("console", "info", stream)
    structlog.get_logger("ours").info("reconciled", steps=3)
    assert "reconciled" in stream.getvalue()
    assert "steps=3" in stream.getvalue()
    assert "\x1b" not in stream.getvalue()


FAILS = """
import structlog
from datamover_common.logs import configure

def fail(token):
    raise ValueError("a mistake of ours")

configure("console", "info")
try:
    fail("hush-" * 3)
except ValueError:
    structlog.get_logger("ours").exception("failed")
"""


def test_a_console_is_shown_no_local_variables() -> None:
    """They may hold a token, and rich, where it is installed, shows them."""
    told = subprocess.run([sys.executable, "-W", "error", "-c", FAILS], capture_output=True, text=True, check=True)
    assert "a mistake of ours" in told.stderr
    assert "hush-hush" not in told.stderr
