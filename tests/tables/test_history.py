"""The DataSync API's history in a real PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from datamover_api.sync.configuration import Pool
from datamover_api.sync.history.recorder import run_of
from datamover_api.sync.history.store import HistoryStore
from datamover_crds import JsonObject
from tests.support.postgres import Pair

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def ended(number: int, detail: str = "") -> JsonObject:
    at = (NOW - timedelta(minutes=number)).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {"id": str(number), "startedAt": None, "endedAt": at, "error": {"code": "x", "message": detail}}


def test_the_newest_runs_of_each_sync_are_kept_for_a_time_and_hostile_texts_hinder_nothing(pair: Pair) -> None:
    store = HistoryStore(pair.source.url, Pool())
    try:
        store.migrate()
        store.migrate()
        runs = [run_of(f"a/{number}", "sync-aaaaaaaaaaaa", ended(number)) for number in range(1010)]
        hostile = run_of("b/1", "sync-bbbbbbbbbbbb", ended(1, "nul \0, half \ud800, quote ' and \\u0000"))
        old = run_of("b/2", "sync-bbbbbbbbbbbb", ended(60 * 24 * 400))
        store.record([*runs, hostile, old])
        store.record([hostile])
        (told, _) = store.runs_of("sync_bbbbbbbbbbbb")
        assert told["error"] == {"code": "x", "message": "nul \ufffd, half \ufffd, quote ' and \\u0000"}

        store.prune(NOW - timedelta(days=365))
        assert [each["id"] for each in store.runs_of("sync_bbbbbbbbbbbb")] == ["1"]
        assert [each["id"] for each in store.runs_of("sync_aaaaaaaaaaaa")] == [str(number) for number in range(1000)]
        assert pair.source.value("SELECT count(*) FROM sync_runs") == 1001
    finally:
        store.close()
