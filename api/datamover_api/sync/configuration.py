"""The configuration of the DataSync API: datasync.yaml and variables, as that system's documentation has them.

Variables win over the file. The sections sync, webhook and log are taken up while the service runs; a change of the
others is told in the log. A file that can't be read, or is wrong, leaves the values in force that there were.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import structlog
import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from datamover_api.settings import Settings
from datamover_api.sync.building import LEAST_INTERVAL, Defaults
from datamover_common.logs import set_level
from datamover_common.settings import LogLevel
from datamover_crds import from_duration
from datamover_crds.codec import requirement

_LOOK_INTERVAL_S: Final = 2.0
_LARGEST: Final = 64 * 1024
_LONGEST_TIMEOUT_S: Final = 300
_DURATION: Final = re.compile("[0-9]{1,5}(s|m|h)?")
_log = structlog.get_logger(__name__)


def _checked_duration(text: str) -> str:
    if not _DURATION.fullmatch(text):
        raise ValueError("must be a duration such as 30s, 5m or 1h")
    return text if text[-1].isalpha() else f"{text}s"


def _checked_url(text: str) -> str:
    url = text.replace("postgres://", "postgresql://", 1) if text.startswith("postgres://") else text
    if not url.startswith("postgresql://"):
        raise ValueError("must start with postgresql://")
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ValueError("must be a URL such as postgresql://user:password@host:5432/database") from None
    return url


def _checked_interval(text: str) -> str:
    if from_duration(text) < LEAST_INTERVAL:
        raise ValueError("must be at least 10s")
    return text


Duration = Annotated[str, Field(coerce_numbers_to_str=True), AfterValidator(_checked_duration)]
Level = Literal["DEBUG", "INFO", "WARN", "ERROR"]
LEVELS: Final[Mapping[Level, LogLevel]] = {"DEBUG": "debug", "INFO": "info", "WARN": "warning", "ERROR": "error"}


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_camel, use_attribute_docstrings=True)


class Server(_Section):
    """Where the service listens."""

    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    """The port. If not set: the setting http_port."""
    timeout: Duration | None = None
    """How long a request's body may take to arrive. If not set: the setting body_timeout_seconds."""


class Pool(_Section):
    """Connections to the database."""

    min: Annotated[int, Field(ge=0, le=100)] = 5
    """How many are kept."""
    max: Annotated[int, Field(ge=1, le=100)] = 20
    """How many there may be."""


class Database(_Section):
    """The database for the history."""

    url: Annotated[str, AfterValidator(_checked_url)] | None = None
    """Its URL; a password is better set by the variable DB_URL."""
    pool: Pool = Pool()
    """Connections to it."""


class Sync(_Section):
    """What holds for syncs that say nothing else."""

    interval: Annotated[Duration, AfterValidator(_checked_interval)] = "30s"
    """How often tables are synced."""
    max_retries: Annotated[int, Field(ge=0, le=100)] = 3
    """How often a sync of tables is tried again after an error."""
    backoff: Literal["exponential"] = "exponential"
    """How the wait between tries grows."""


class Webhook(_Section):
    """How events are sent."""

    timeout: Duration = "30s"
    """How long a receiver may take."""
    retries: Annotated[int, Field(ge=0, le=10)] = 3
    """How often an event is sent again."""


class Log(_Section):
    """What is logged."""

    level: Level | None = None
    """The lowest level. If not set: the setting log_level."""


class Configuration(_Section):
    """All of it."""

    server: Server = Server()
    database: Database = Database()
    sync: Sync = Sync()
    webhook: Webhook = Webhook()
    log: Log = Log()

    @property
    def defaults(self) -> Defaults:
        """What holds for syncs that say nothing else."""
        timeout = min(max(int(from_duration(self.webhook.timeout).total_seconds()), 1), _LONGEST_TIMEOUT_S)
        return Defaults(self.sync.interval, self.sync.max_retries, timeout, self.webhook.retries)


VARIABLES: Final[Mapping[str, tuple[str, str]]] = {
    "DB_URL": ("database", "url"),
    "SYNC_INTERVAL": ("sync", "interval"),
    "MAX_RETRIES": ("sync", "maxRetries"),
    "WEBHOOK_TIMEOUT": ("webhook", "timeout"),
    "LOG_LEVEL": ("log", "level"),
}
"""The variables, each with the section and the member that it sets."""
_LIVE: Final = ("sync", "webhook", "log")


class ConfigurationError(Exception):
    """The file or a variable is wrong; the message names the field, and shows no value."""


def read_configuration(path: Path | None, environ: Mapping[str, str]) -> Configuration:
    """Read the file, and what variables set over it. Raises ConfigurationError."""
    given = _file(path) if path is not None else {}
    sources = {}
    for name, (section, member) in VARIABLES.items():
        if value := environ.get(name):
            part = given.get(section)
            given[section] = {**(part if isinstance(part, dict) else {}), member: value}
            sources[section, member] = name
    try:
        return Configuration.model_validate(given)
    except ValidationError as error:
        raise ConfigurationError("; ".join(_told(each, sources) for each in error.errors(include_url=False))) from None


def _file(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
        if len(text) > _LARGEST:
            raise ConfigurationError(f"{path}: must have at most {_LARGEST} bytes")
        found = yaml.safe_load(text)
    except OSError as error:
        raise ConfigurationError(f"{path}: can't be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise ConfigurationError(f"{path}: is no YAML{where}") from None
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise ConfigurationError(f"{path}: must be a mapping of server, database, sync, webhook and log")
    return found


def _told(error: Any, sources: Mapping[tuple[str, str], str]) -> str:  # noqa: ANN401 - pydantic's own record
    path = tuple(str(step) for step in error["loc"])
    name = sources.get((path[0], path[1])) if len(path) > 1 else None
    known = {"extra_forbidden": "unknown member", "missing": "a value is required"}.get(error["type"])
    return f"{name or '.'.join(path)}: {known or requirement(error).removeprefix('Value error, ')}"


class LiveConfiguration:
    """The configuration as it is now."""

    def __init__(self, path: Path | None, environ: Mapping[str, str], changed: Callable[[Configuration], None]) -> None:
        """Read it; `changed` is called with it now and after each change. Raises ConfigurationError."""
        self._path = path
        self._environ = dict(environ)
        self._changed = changed
        self.now = self._started = read_configuration(path, self._environ)
        changed(self.now)

    async def keep_fresh(self) -> None:
        """Look at the file periodically, until cancelled; what a mounted ConfigMap swaps is found by its content."""
        problem = ""
        while True:
            await asyncio.sleep(_LOOK_INTERVAL_S)
            try:
                found = await asyncio.to_thread(read_configuration, self._path, self._environ)
            except ConfigurationError as error:
                if str(error) != problem:
                    problem = str(error)
                    _log.error("the configuration is wrong; the old values stay in force", problem=problem)
                continue
            problem = ""
            if found != self.now:
                self._take(found)

    def _take(self, found: Configuration) -> None:
        fixed = [name for name in type(found).model_fields if name not in _LIVE]
        waiting = [name for name in fixed if getattr(found, name) != getattr(self._started, name)]
        changed = [name for name in _LIVE if getattr(found, name) != getattr(self.now, name)]
        self.now = found
        self._changed(found)
        log = _log.warning if waiting else _log.info
        log("the configuration has changed", in_force=changed, needs_restart=waiting)


def open_configuration(settings: Settings, environ: Mapping[str, str]) -> tuple[Settings, LiveConfiguration]:
    """The configuration, and the settings with what it says about the server. Raises ConfigurationError.

    Where the API is not served, variables with such general names are somebody else's.
    """
    if not settings.sync_enabled:
        return settings, LiveConfiguration(None, {}, lambda _: None)

    def changed(configuration: Configuration) -> None:
        level = configuration.log.level
        set_level(LEVELS[level] if level is not None else settings.log_level)

    live = LiveConfiguration(settings.sync_config_file, environ, changed)
    server = live.now.server
    told: dict[str, object] = {}
    if server.port is not None and "http_port" not in settings.model_fields_set:
        told["http_port"] = server.port
    if server.timeout is not None and "body_timeout_seconds" not in settings.model_fields_set:
        told["body_timeout_seconds"] = from_duration(server.timeout).total_seconds()
    return settings.model_copy(update=told), live
