"""The DataSync API v2.1: what clients send, what becomes of it, and what they read."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_api.sync.building import Defaults, Setting, change_of, draft, kept_by
from datamover_api.sync.configuration import ConfigurationError, read_configuration
from datamover_api.sync.documents import document, mover_state, table_state, written
from datamover_api.sync.names import id_of, name_of, new_id
from datamover_api.sync.paging import Page, cursor_of, page_of
from datamover_api.sync.problems import InvalidRequestError
from datamover_api.sync.runs import run_document, table_ends, table_run
from datamover_api.sync.webhooks import FILE_EVENTS
from datamover_api.sync.wire import ChangeSync, CreateSync, read_body
from datamover_common.hosts import HostPolicy
from datamover_crds import DataMover, TableSync, parse
from datamover_crds.contract import CLIENT_ANNOTATION
from tests.api.samples import Json, account, condition, dumped, run
from tests.support.specs import table_sync

SETTING = Setting(account(), "syncs", "default", Defaults(), HostPolicy(["*"]))
TABLES: Json = {
    "source": {"type": "postgresql", "url": "postgresql://source-db:5432/mydb"},
    "destination": {"type": "postgresql", "url": "postgresql://me:pa%2Fss@dest-db/my%20db?sslmode=require"},
    "tables": ["users", "sales.orders"],
    "syncInterval": "30s",
}
S3: Json = {"type": "s3", "url": "s3://bucket/in/"}
FILES: Json = {"source": S3, "destination": {"type": "s3", "url": "s3://other"}}
AGENT = "arn:aws:datasync:eu-central-1:111122223333:agent/agent-0123456789abcdef0"
NOW = datetime(2026, 2, 1, tzinfo=UTC)


def drafted(body: Json) -> Any:  # noqa: ANN401 - either kind
    return draft("sync_abc123xyz789", read_body(CreateSync, json.dumps(body).encode()), SETTING)


def test_tables_become_a_table_sync_with_passwords_in_a_secret() -> None:
    made = drafted(TABLES)
    spec = dumped(made.made)["spec"]
    assert spec["source"]["postgresql"] == {
        "host": "source-db",
        "port": 5432,
        "database": "mydb",
        "user": "postgres",
        "sslMode": "verify-full",
    }
    destination = spec["destination"]["postgresql"]
    assert (destination["user"], destination["database"], destination["sslMode"]) == ("me", "my db", "require")
    assert destination["passwordSecretRef"] == {"name": "sync-abc123xyz789", "key": "destination-password"}
    assert made.secrets == {"destination-password": "pa/ss"}
    assert [each["name"] for each in spec["tables"]] == ["users", "sales.orders"]
    assert (spec["mode"], spec["syncInterval"], spec["retry"]["limit"]) == ("Interval", "30s", 3)
    shown: Json = kept_by(made.made)
    assert shown["destination"]["url"] == "postgresql://me:***@dest-db/my%20db?sslmode=require"


@pytest.mark.parametrize(
    ("side", "location", "secrets"),
    [
        (S3, {"s3": {"s3BucketArn": "arn:aws:s3:::bucket", "subdirectory": "/in/"}}, {}),
        ({"type": "s3", "s3BucketArn": "arn:aws:s3:::b"}, {"s3": {"s3BucketArn": "arn:aws:s3:::b"}}, {}),
        (
            {"type": "nfs", "url": "nfs://files/export/a", "onPremConfig": {"agentArns": [AGENT]}},
            {
                "nfs": {
                    "serverHostname": "files",
                    "subdirectory": "/export/a/",
                    "onPremConfig": {"agentArns": [AGENT]},
                }
            },
            {},
        ),
        (
            {"type": "smb", "url": "smb://me:p%40ss@files/share", "agentArns": [AGENT]},
            {
                "smb": {
                    "serverHostname": "files",
                    "subdirectory": "/share/",
                    "user": "me",
                    "password": {"name": "sync-abc123xyz789", "key": "source.password"},
                    "agentArns": [AGENT],
                }
            },
            {"source.password": "p@ss"},
        ),
        (
            {"type": "object-storage", "url": "http://minio:9000/bucket/a%20b", "accessKey": "k", "secretKey": "s"},
            {
                "objectStorage": {
                    "serverHostname": "minio",
                    "serverPort": 9000,
                    "serverProtocol": "HTTP",
                    "bucketName": "bucket",
                    "subdirectory": "/a b/",
                    "accessKey": {"name": "sync-abc123xyz789", "key": "source.accessKey"},
                    "secretKey": {"name": "sync-abc123xyz789", "key": "source.secretKey"},
                }
            },
            {"source.accessKey": "k", "source.secretKey": "s"},
        ),
    ],
)
def test_a_url_or_the_members_of_a_location_become_one(side: Json, location: Json, secrets: Json) -> None:
    made = drafted({**FILES, "source": side})
    assert dumped(made.made)["spec"]["source"] == location
    assert made.secrets == secrets
    shown = json.dumps(kept_by(made.made))
    assert not any(f'"{value}"' in shown or "p%40ss" in shown for value in secrets.values())


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"source": {"type": "postgresql", "url": "postgresql://h/d"}}, "destination.type"),
        ({"source": {}}, "source.type"),
        ({"source": {"type": ["s3"]}}, "source.type"),
        ({"source": {"type": "s3", "url": "ftp://x"}}, "source.url"),
        ({"source": {"type": "s3", "url": "s3://x#y"}}, "source.url"),
        ({"source": {"type": "s3", "url": "s3://user:p@x"}}, "source.url"),
        ({"source": {"type": "s3", "url": "s3://x:99999"}}, "source.url"),
        ({"source": {"type": "s3", "url": "s3://x\n"}}, "source.url"),
        ({"source": {"type": "s3", "url": 7}}, "source.url"),
        ({"source": {"type": "s3", "surprise": 1}}, "source.surprise"),
        ({"source": {"type": "smb", "password": {"name": "a", "key": "b"}}}, "source.password"),
        ({"tables": ["t"]}, "tables"),
        ({"syncInterval": "9s"}, "syncInterval"),
        ({"syncInterval": ""}, "syncInterval"),
        ({"syncInterval": True}, "syncInterval"),
        ({"paused": "yes"}, "paused"),
    ],
)
def test_what_can_t_be_is_told_with_its_field(change: Json, field: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        drafted({**FILES, **change})
    assert field in {each.field for each in refused.value.faults}, refused.value


@pytest.mark.parametrize(
    "url",
    [
        "mysql://h/d",
        "postgresql://h",
        "postgresql:///d",
        "postgresql://a,b/d",
        "postgresql://h/d?options=-c",
        "postgresql://h/d?sslmode=x",
        "postgresql://h:0x1/d",
        "postgresql://%2Ftmp/d",
    ],
)
def test_a_url_that_leads_to_no_database_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequestError) as refused:
        drafted({**TABLES, "source": {"type": "postgresql", "url": url}})
    assert {each.field for each in refused.value.faults} == {"source.url"}


@pytest.mark.parametrize(
    ("source", "field"),
    [
        ({"type": "object-storage", "url": "http://169.254.169.254/bucket"}, "source.url"),
        ({"type": "smb", "url": "smb://me:p@169.254.169.254/share", "agentArns": [AGENT]}, "source.url"),
        (
            {
                "type": "nfs",
                "serverHostname": "fe80::1",
                "subdirectory": "/a",
                "onPremConfig": {"agentArns": [AGENT]},
            },
            "source.serverHostname",
        ),
    ],
)
def test_no_server_is_at_an_address_that_is_reserved(source: Json, field: str) -> None:
    with pytest.raises(InvalidRequestError, match="link-local, metadata or reserved") as refused:
        drafted({**FILES, "source": source})
    assert [each.field for each in refused.value.faults] == [field]


@pytest.mark.parametrize(
    ("allowed", "hosts", "refused"),
    [
        ([], ("source-db", "dest-db"), ["source.url", "destination.url"]),
        (["*-db"], ("source-db", "dest-db"), []),
        (["*-db"], ("source-db", "10.0.0.1"), ["destination.url"]),
        (["10.0.0.0/8"], ("10.0.0.1", "10.0.0.2"), []),
        (["*"], ("169.254.169.254", "[fd00:ec2::254]"), ["source.url", "destination.url"]),
        (["*"], ("2852039166", "[::ffff:169.254.169.254]"), ["source.url", "destination.url"]),
        (["*"], ("127.0.0.1", "[::1]"), ["source.url", "destination.url"]),
        (["*", "localhost", "127.0.0.1"], ("localhost", "127.0.0.1"), []),
    ],
)
def test_databases_are_on_hosts_that_the_operator_may_connect_to(
    allowed: list[str], hosts: tuple[str, str], refused: list[str]
) -> None:
    ends: Json = {
        side: {"type": "postgresql", "url": f"postgresql://u:hunter2@{host}:5432/d"}
        for side, host in zip(("source", "destination"), hosts, strict=True)
    }
    request = read_body(CreateSync, json.dumps({**TABLES, **ends}).encode())
    setting = replace(SETTING, databases=HostPolicy(allowed))
    if not refused:
        draft("sync_abc123xyz789", request, setting)
        return
    with pytest.raises(InvalidRequestError) as told:
        draft("sync_abc123xyz789", request, setting)
    assert [each.field for each in told.value.faults] == refused
    host = hosts[1].strip("[]")
    assert f"'{host}'" in str(told.value)
    assert "databaseHosts" in str(told.value) or "reserved" in str(told.value) or "neither" in str(told.value)
    assert "hunter2" not in str(told.value)


def test_a_change_is_a_patch_of_the_spec() -> None:
    request = read_body(ChangeSync, b'{"syncInterval": 60, "tables": ["a"], "paused": true}')
    kept: Json = {"tables": ["users"]}
    tables, files = drafted(TABLES).made, drafted(FILES).made
    assert change_of(kept, request, tables, Defaults(), "s") == {
        "tables": [{"name": "a"}],
        "suspend": True,
        "syncInterval": "60s",
    }
    assert kept == {"tables": ["a"], "syncInterval": "60s"}
    faster = read_body(ChangeSync, b'{"syncInterval": "1h"}')
    assert change_of({}, faster, files, Defaults(), "s") == {"trigger": {"interval": "1h"}}


HOOK: Json = {"url": "https://hooks.example.com/a"}
SECRET = "a secret of 24 characters"


def test_a_webhook_becomes_a_notification_signed_with_a_key_from_the_secret() -> None:
    webhook = {**HOOK, "events": ["sync.failed", "RunFailed"], "secret": SECRET}
    made = drafted({**FILES, "webhook": webhook})
    assert dumped(made.made)["spec"]["notify"] == [
        {
            "webhook": HOOK,
            "events": ["RunFailed"],
            "signingSecretRef": {"name": "sync-abc123xyz789", "key": "webhook-secret"},
            "timeoutSeconds": 30,
            "retries": 3,
        }
    ]
    assert made.secrets == {"webhook-secret": "whsec_YSBzZWNyZXQgb2YgMjQgY2hhcmFjdGVycw=="}
    kept: Json = kept_by(made.made)
    assert kept["webhook"] == {**HOOK, "events": ["sync.failed", "RunFailed"]}
    none = read_body(ChangeSync, b'{"webhook": null}')
    assert change_of(kept, none, made.made, Defaults(), "s") == {"notify": None}
    other = read_body(ChangeSync, b'{"webhook": {"url": "https://b.example.com"}}')
    assert change_of(kept, other, made.made, Defaults(), "s")["notify"] != []


@pytest.mark.parametrize(
    ("body", "asked", "told"),
    [
        (FILES, None, ["RunSucceeded", "RunFailed", "RunCancelled", "MoverStalled"]),
        (TABLES, None, ["TableSyncReady", "TableSyncCompleted", "TableSyncFailed", "TableSyncStalled"]),
        (TABLES, ["sync.stalled", "TableSyncStalled"], ["TableSyncStalled"]),
        (TABLES, ["TableSyncCompleted"], ["TableSyncCompleted"]),
    ],
)
def test_events_are_those_of_the_sync_s_kind(body: Json, asked: list[str] | None, told: list[str]) -> None:
    webhook = HOOK if asked is None else {**HOOK, "events": asked}
    made = drafted({**body, "webhook": webhook}).made
    assert dumped(made)["spec"]["notify"][0]["events"] == told
    changed = change_of({}, read_body(ChangeSync, json.dumps({"webhook": webhook}).encode()), made, Defaults(), "s")
    assert changed["notify"] == dumped(made)["spec"]["notify"]
    assert set(kept_by(made)["webhook"]["events"]) <= {*(asked or FILE_EVENTS)}  # type: ignore[index,call-overload,arg-type]


@pytest.mark.parametrize(
    ("body", "webhook", "field", "told"),
    [
        (FILES, {**HOOK, "events": ["x"]}, "webhook.events[0]", "must be one of sync.completed, sync.failed, "),
        (TABLES, {**HOOK, "events": ["sync.failed", "RunFailed"]}, "webhook.events[1]", "must be one of"),
        (TABLES, {**HOOK, "events": ["sync.cancelled"]}, "webhook.events[0]", "a sync of tables is never cancelled"),
        (FILES, {**HOOK, "surprise": 1}, "webhook.surprise", "unknown member"),
        (FILES, {"url": "ftp://a.example.com"}, "webhook.url", "https://hooks.example.com/datasync"),
        (FILES, {"url": "https://me:pass@a.example.com"}, "webhook.url", "without a user or a password"),
        (FILES, {"url": "https://a.example.com/\n"}, "webhook.url", "must be a URL"),
        (FILES, {**HOOK, "secret": "short"}, "webhook.secret", "at least 24"),
        (FILES, {**HOOK, "secret": "whsec_short"}, "webhook.secret", "at least 24"),
        (FILES, {**HOOK, "secret": "whsec_" + "é" * 40}, "webhook.secret", "at least 24"),
    ],
)
def test_a_webhook_that_could_not_be_called_is_refused(body: Json, webhook: Json, field: str, told: str) -> None:
    with pytest.raises(InvalidRequestError, match=re.escape(told)) as refused:
        drafted({**body, "webhook": webhook})
    assert {each.field for each in refused.value.faults} == {field}


def test_a_change_that_the_resource_does_not_allow_is_told_with_its_field() -> None:
    too_long = read_body(ChangeSync, json.dumps({"tables": ["a\u0007"]}).encode())
    with pytest.raises(InvalidRequestError) as refused:
        change_of({}, too_long, drafted(TABLES).made, Defaults(), "s")
    assert [each.field for each in refused.value.faults] == ["tables[0]"]


@given(
    st.binary(max_size=60) | st.recursive(st.none() | st.text(), st.lists).map(lambda each: json.dumps(each).encode())
)
def test_no_body_does_more_than_be_refused(body: bytes) -> None:
    with pytest.raises(InvalidRequestError):
        read_body(CreateSync, body)


@given(st.text(max_size=80))
def test_no_text_is_a_name_unless_it_is_an_id(text: str) -> None:
    name = name_of(text)
    assert name is None or id_of(name) == text


def test_ids_have_their_form_and_names_lead_back() -> None:
    made = new_id()
    assert id_of(name_of(made) or "") == made
    assert id_of("nightly") == "nightly"


def test_a_cursor_leads_on_and_any_other_text_is_refused() -> None:
    place = ("2026-01-31T12:00:00Z", "sync-abc123xyz789")
    assert page_of({"cursor": cursor_of(place), "limit": "7"}) == Page(7, place)
    assert page_of({}) == Page(50, None)
    for query in ({"cursor": "x"}, {"cursor": "é"}, {"limit": "0"}, {"limit": "201"}, {"limit": "٣"}, {"limit": "x"}):
        with pytest.raises(InvalidRequestError):
            page_of(query)


STALLED: Json = {"conditions": [condition("Stalled", message="no")], "observedGeneration": 0}


def mover(status: Json | None = None, **spec: object) -> DataMover:
    raw = dumped(drafted(FILES).made)
    raw["metadata"] |= {"creationTimestamp": "2026-01-31T12:00:00Z"}
    return parse(DataMover, {**raw, "spec": {**raw["spec"], **spec}, "status": status or {}})


@pytest.mark.parametrize(
    ("status", "spec", "runs", "told", "progress"),
    [
        ({}, {}, [], "running", 0),
        (STALLED, {}, [], "failed", 0),
        ({}, {"suspend": True}, [], "paused", 0),
        ({}, {}, [run(1, "Pending", started=False)], "pending", 0),
        ({}, {}, [run(1, "Transferring", status={"progress": {"percent": 40}})], "running", 40),
        ({}, {"suspend": True}, [run(1, "Transferring")], "running", 0),
        ({}, {}, [run(1, "Failed"), run(2, "Succeeded")], "completed", 100),
        ({}, {}, [run(1, "Succeeded"), run(2, "Failed")], "failed", 0),
        ({}, {}, [run(1, "Cancelled")], "cancelled", 0),
    ],
)
def test_a_sync_of_files_is_as_its_last_run(
    status: Json, spec: Json, runs: list[Any], told: str, progress: int
) -> None:
    state = mover_state(mover(status, **spec), runs, NOW)
    assert (state.status, state.progress, state.error is not None) == (told, progress, told == "failed")
    shown = document(mover(status, **spec), state)
    assert (shown["id"], shown["createdAt"]) == ("sync_abc123xyz789", "2026-01-31T12:00:00Z")
    assert [run_document(each)["status"] for each in runs][-1:] in ([], [told], ["running"])


@pytest.mark.parametrize(
    ("status", "spec", "told", "progress"),
    [
        ({}, {}, "running", 0),
        ({"phase": "Copying", "percent": 30}, {}, "running", 30),
        ({"phase": "Streaming", "percent": 100}, {}, "running", 100),
        ({"phase": "Idle"}, {}, "completed", 100),
        ({"phase": "Failed"} | STALLED, {}, "failed", 0),
        (STALLED, {}, "failed", 0),
        ({"phase": "Suspended"}, {"suspend": True}, "paused", 0),
    ],
)
def test_a_sync_of_tables_is_as_its_phase(status: Json, spec: Json, told: str, progress: int) -> None:
    raw = table_sync(**spec) | {"status": status}
    raw["metadata"]["creationTimestamp"] = "2026-01-31T12:00:00Z"
    state = table_state(parse(TableSync, raw))
    assert (state.status, state.progress) == (told, progress)


def test_how_long_it_takes_is_estimated_from_what_is_done() -> None:
    begun = {"startTime": "2026-01-31T23:59:00Z", "progress": {"percent": 50}}
    state = mover_state(mover(), [run(1, "Transferring", status=begun)], NOW)
    assert document(mover(), state)["estimatedDuration"] == "2m"
    status = {
        "phase": "Copying",
        "copyStartTime": "2026-01-31T00:00:00Z",
        "estimatedCompletionTime": "2026-01-31T00:02:45Z",
    }
    tables = parse(TableSync, table_sync() | {"status": status})
    assert written(table_state(tables).estimate) == "2m45s"
    assert table_run(tables) is not None
    assert [written(timedelta(seconds=each)) for each in (0, 59, 3600, 3661)] == ["0s", "59s", "1h", "1h1m1s"]


def test_a_sync_of_tables_ends_well_again_and_again_and_badly_once() -> None:
    status: Json = {
        "phase": "Failed",
        "copyStartTime": "2026-01-30T00:00:00Z",
        "lastSyncTime": "2026-01-31T00:02:45Z",
        "conditions": [condition("Stalled", message="no")],
    }
    tables = parse(TableSync, table_sync() | {"status": status})
    well, badly = table_ends(tables)
    assert (well["status"], well["startedAt"], well["endedAt"], well["error"]) == (
        "completed",
        None,
        "2026-01-31T00:02:45Z",
        None,
    )
    assert (badly["status"], badly["error"]) == ("failed", table_state(tables).error)
    assert badly["id"] != well["id"]
    assert table_ends(parse(TableSync, table_sync() | {"status": {"phase": "Copying"}})) == []


def test_what_somebody_has_edited_by_hand_is_shown_all_the_same() -> None:
    for edited in ('{"updatedAt": "soon"}', '{"updatedAt": "2026-01-01"}', '{"updatedAt": 7, "source": 1}', "[", "7"):
        raw = dumped(drafted(FILES).made)
        raw["metadata"] |= {"creationTimestamp": "2026-01-31T12:00:00Z", "annotations": {CLIENT_ANNOTATION: edited}}
        found = parse(DataMover, raw)
        assert document(found, mover_state(found, [], NOW))["updatedAt"] == "2026-01-31T12:00:00.000Z"


def test_variables_win_over_the_file_and_a_wrong_one_is_told_without_its_value(tmp_path: Path) -> None:
    path = tmp_path / "datasync.yaml"
    documented = """
server:
  port: 8080
  timeout: 30s

database:
  url: postgresql://localhost/datasync
  pool:
    min: 5
    max: 20

sync:
  interval: 30s
  maxRetries: 3
  backoff: exponential

webhook:
  timeout: 30s
  retries: 3
"""
    path.write_text(documented)
    found = read_configuration(path, {"SYNC_INTERVAL": "60", "LOG_LEVEL": "WARN"})
    assert (found.sync.interval, found.log.level, found.database.pool.max, found.server.port) == (
        "60s",
        "WARN",
        20,
        8080,
    )
    assert read_configuration(None, {}).defaults == Defaults("30s", 3)
    for text, told in (
        ("sync: {interval: soon}", "sync.interval"),
        ("surprise: 1", "surprise: unknown member"),
        ("- a", "must be a mapping"),
        ("a: [", "is no YAML at line 1"),
        ("database: {url: 'mysql://u:hunter2@h/d'}", "database.url: must start with postgresql://"),
        ("x" * 70_000, "at most"),
    ):
        path.write_text(text)
        with pytest.raises(ConfigurationError, match=told) as refused:
            read_configuration(path, {})
        assert "hunter2" not in str(refused.value)
    with pytest.raises(ConfigurationError, match="can't be read"):
        read_configuration(tmp_path / "none", {})
