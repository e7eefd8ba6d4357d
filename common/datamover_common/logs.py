"""Logs: structlog and the standard library's loggers end in one stream, as JSON or for a console, secrets removed."""

from __future__ import annotations

import logging
import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars
from structlog.stdlib import ProcessorFormatter

from datamover_common.redaction import REDACTED, is_secret_name, scrub

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import TextIO

    from structlog.typing import EventDict, Processor, WrappedLogger

    from datamover_common.settings import LogFormat, LogLevel

_QUIET = (
    "aiohttp.access",
    "aiohttp.client",
    "asyncio",
    "botocore",
    "kopf",
    "kubernetes",
    "urllib3",
    "uvicorn",
    "uvicorn.access",
    "uvicorn.error",
)
"""Loggers of libraries of which only warnings are of use to those who run the program."""


def configure(log_format: LogFormat, level: LogLevel, stream: TextIO | None = None) -> None:
    """Send all logs to `stream` (standard error where None), in one form; to be called once, before the first log."""
    shared = _shared_processors()
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, *shared, ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # The level may change later: see set_level.
        wrapper_class=structlog.make_filtering_bound_logger("debug"),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[ProcessorFormatter.remove_processors_meta, *_renderers(log_format, handler.stream)],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    logging.captureWarnings(capture=True)
    # None of this is shown, and to find it takes a fifth of a line's time (Python's logging HOWTO, "Optimization").
    logging._srcfile = None  # noqa: SLF001 - as it is documented
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    set_level(level)


def set_level(level: LogLevel) -> None:
    """Log from this level on, from now on."""
    root = logging.getLogger()
    root.setLevel(level.upper())
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))


def about(*, kind: str, namespace: str | None, name: str, uid: str) -> AbstractContextManager[None]:
    """Name the object that all logs within the returned context are about."""
    known = {"kind": kind, "namespace": namespace, "name": name, "uid": uid}
    return bound_contextvars(**{key: value for key, value in known.items() if value is not None})


def redact(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Take secrets out of an event: by the name of a member, and by the look of any text; a structlog processor."""
    return {key: REDACTED if is_secret_name(key) else _redacted(value) for key, value in event.items()}


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return scrub(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {key: REDACTED if is_secret_name(str(key)) else _redacted(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        return [_redacted(item) for item in value]
    return scrub(str(value))


def _ordered(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    first = {key: event.pop(key) for key in ("timestamp", "level", "event") if key in event}
    return {**first, **event}


def _shared_processors() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]


def _renderers(log_format: LogFormat, stream: TextIO) -> list[Processor]:
    # Redaction comes after tracebacks have become text, and right before the text is written.
    if log_format == "json":
        return [structlog.processors.format_exc_info, redact, _ordered, structlog.processors.JSONRenderer()]
    return [
        structlog.processors.format_exc_info,
        redact,
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback),
    ]
