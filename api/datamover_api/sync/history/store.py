"""The database: the only SQLAlchemy. Its methods block; they are called in threads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, NamedTuple

from alembic import command
from alembic.config import Config
from sqlalchemy import Column, DateTime, MetaData, Table, Text, create_engine, delete, func, or_, select, text
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.engine import Engine, make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from datamover_api.sync.configuration import Pool
from datamover_crds import JsonObject

_RUNS: Final = Table(
    "sync_runs",
    MetaData(),
    Column("uid", Text, primary_key=True),
    Column("sync_id", Text, nullable=False),
    Column("started_at", DateTime(timezone=True), nullable=False),
    Column("document", JSONB, nullable=False),
)
_LOCK: Final = 0x6461746D
"""The advisory lock under which one replica brings the schema up to date."""
_MOST: Final = 1000
"""So many runs of a sync are shown, and kept."""
_CONNECT: Final = {
    "connect_timeout": 5,
    "options": "-c statement_timeout=10000",
    "application_name": "datamover-api",
    # A server that is cut off answers nothing at all: these end what waits for it, after some ten seconds.
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
_PRUNING: Final = "SET LOCAL statement_timeout = 60000"


class HistoryError(Exception):
    """The database did not do it; the message holds neither its URL nor a value."""


class Run(NamedTuple):
    """A run as it is recorded: `uid` tells it from all others."""

    uid: str
    sync_id: str
    started_at: datetime
    document: JsonObject


class HistoryStore:
    """Writes runs and reads them. All methods raise HistoryError."""

    def __init__(self, url: str, pool: Pool) -> None:
        """Nothing is sent yet. Raises HistoryError for a URL that is none of PostgreSQL."""
        try:
            parsed = make_url(url)
        except (ArgumentError, ValueError):
            raise HistoryError("database.url: must be a URL such as postgresql://user:password@host:5432/db") from None
        if parsed.get_backend_name() not in {"postgresql", "postgres"}:
            raise HistoryError("database.url: must start with postgresql://")
        self._engine: Engine = create_engine(
            parsed.set(drivername="postgresql+psycopg"),
            pool_size=max(pool.min, 1),
            max_overflow=max(pool.max - max(pool.min, 1), 0),
            pool_pre_ping=True,
            pool_timeout=5,
            connect_args=_CONNECT,
        )

    def migrate(self) -> None:
        """Bring the schema up to date, one replica at a time."""
        config = Config()
        config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
        with _told(), self._engine.connect() as connection:
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
            try:
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
                connection.commit()
            finally:
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                connection.commit()

    def record(self, runs: Sequence[Run]) -> None:
        """Write runs; those that are there already are brought up to date."""
        if not runs:
            return
        added = insert(_RUNS).values([run._asdict() for run in runs])
        known = added.on_conflict_do_update(index_elements=["uid"], set_={"document": added.excluded.document})
        with _told(), self._engine.begin() as connection:
            connection.execute(known)

    def runs_of(self, sync_id: str) -> list[JsonObject]:
        """The runs of a sync, the youngest first, at most a thousand."""
        asked = select(_RUNS.c.document).where(_RUNS.c.sync_id == sync_id)
        with _told(), self._engine.connect() as connection:
            found = connection.execute(asked.order_by(_RUNS.c.started_at.desc()).limit(_MOST))
            return [dict(row.document) for row in found]

    def prune(self, before: datetime) -> None:
        """Delete the runs that began before this time, and of each sync those that are never shown."""
        place = func.row_number().over(partition_by=_RUNS.c.sync_id, order_by=_RUNS.c.started_at.desc())
        numbered = select(_RUNS.c.uid, place.label("place")).subquery()
        surplus = select(numbered.c.uid).where(numbered.c.place > _MOST)
        with _told(), self._engine.begin() as connection:
            connection.execute(text(_PRUNING))
            connection.execute(delete(_RUNS).where(or_(_RUNS.c.started_at < before, _RUNS.c.uid.in_(surplus))))

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()


class _told:  # noqa: N801 - a context
    """Raises HistoryError for what SQLAlchemy raises, whose messages hold statements and values."""

    def __enter__(self) -> None:
        """Nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: object) -> None:
        """Translate."""
        if isinstance(error, SQLAlchemyError):
            cause = getattr(error, "orig", None) or error
            raise HistoryError(f"the history's database did not answer: {type(cause).__name__}") from None
