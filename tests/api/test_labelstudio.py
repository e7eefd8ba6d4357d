"""Label Studio's storages: members as its clients send them, documents as they read them."""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from datamover_api.auth.keys import named_key
from datamover_api.labelstudio.admission import access_token, is_access_token
from datamover_api.labelstudio.members import InvalidMembersError, changed_members, new_members
from datamover_api.labelstudio.storages import Sync, last_sync, storage_document
from tests.api.samples import CREATED, run

DEFAULTS = {
    "synchronizable": True,
    "presign": True,
    "title": None,
    "description": None,
    "bucket": "b",
    "prefix": None,
    "regex_filter": None,
    "use_blob_urls": False,
    "aws_sse_kms_key_id": None,
    "region_name": None,
    "s3_endpoint": None,
    "presign_ttl": 1,
    "recursive_scan": False,
    "project": 1,
}


KEY = b"refresh.token.key"
"""Long enough for one."""


def _part(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "token",
    [
        f"{_part('[' * 40_000)}.{_part('{}')}.{_part('x')}",
        f"{_part(json.dumps({'alg': 'HS256'}))}.{_part('[' * 40_000)}.{_part('x')}",
        f"{_part(json.dumps({'alg': 'HS256'}))}.{_part('[' * 300)}.{_part('x')}",
        f"{_part(json.dumps({'alg': 'none'}))}.{_part(json.dumps({'key': 1e300}))}.",
        "..",
        "é.é.é",
        "",
    ],
)
def test_no_text_is_an_access_token_or_does_more_than_be_refused(token: str) -> None:
    assert not is_access_token(token, (named_key("a", KEY),), datetime.now(UTC))


@pytest.mark.parametrize("expires", [float("inf"), None, "soon", 0])
def test_an_access_token_is_one_until_its_end(expires: object) -> None:
    keys = (named_key("a", KEY),)
    made = access_token(KEY.decode(), keys, lambda: datetime.now(UTC))
    assert made is not None
    assert is_access_token(made, keys, datetime.now(UTC))
    assert not is_access_token(made, (named_key("a", b"another key"),), datetime.now(UTC))
    assert not is_access_token(made, keys, datetime.now(UTC) + timedelta(hours=1))
    secret = hashlib.sha256(KEY).digest()
    claims = {"token_type": "access", "key": hashlib.sha256(secret).hexdigest(), "exp": expires}
    forged = jwt.api_jws.encode(json.dumps(claims).encode(), secret, "HS256")
    assert not is_access_token(forged, keys, datetime.now(UTC))


def test_what_is_not_given_has_its_default_and_what_is_unknown_is_ignored() -> None:
    assert new_members({"project": 1, "bucket": "b", "id": 7, "unknown": [1]}) == DEFAULTS
    assert new_members({"project": "1", "bucket": " b ", "presign_ttl": "70000", "use_blob_urls": "yes"}) == {
        **DEFAULTS,
        "presign_ttl": 70000,
        "use_blob_urls": True,
    }


def test_a_change_holds_what_is_given_alone_and_null_clears() -> None:
    assert changed_members({"title": None, "aws_secret_access_key": "s"}) == {
        "title": None,
        "aws_secret_access_key": "s",
    }


@pytest.mark.parametrize(
    ("given_members", "problems"),
    [
        ({}, {"project": ["This field is required."]}),
        ({"project": None}, {"project": ["This field may not be null."]}),
        ({"project": "x"}, {"project": ["A valid integer is required."]}),
        ({"project": True}, {"project": ["A valid integer is required."]}),
        ({"project": 1, "presign": "perhaps"}, {"presign": ["Must be a valid boolean."]}),
        ({"project": 1, "presign": None}, {"presign": ["This field may not be null."]}),
        ({"project": 1, "title": "x" * 257}, {"title": ["Ensure this field has no more than 256 characters."]}),
        ({"project": 1, "bucket": ["b"]}, {"bucket": ["Not a valid string."]}),
        ({"project": 1, "prefix": "a\0b"}, {"prefix": ["Null characters are not allowed."]}),
        ({"project": 1, "presign_ttl": -1}, {"presign_ttl": ["Ensure this value is greater than or equal to 0."]}),
        (
            {"project": "9" * 10_000, "presign": 2},
            {"project": ["A valid integer is required."], "presign": ["Must be a valid boolean."]},
        ),
    ],
)
def test_what_can_t_be_is_refused_in_label_studio_s_words(
    given_members: dict[str, object], problems: dict[str, list[str]]
) -> None:
    with pytest.raises(InvalidMembersError) as refused:
        new_members(given_members)  # type: ignore[arg-type] # JSON
    assert refused.value.problems == problems


_JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(), st.lists)


@given(st.dictionaries(st.sampled_from([*DEFAULTS, "aws_access_key_id", "other"]), _JSON))
def test_whatever_is_sent_is_taken_or_refused(sent: dict[str, object]) -> None:
    try:
        read = new_members(sent)  # type: ignore[arg-type] # JSON
    except InvalidMembersError:
        return
    assert read.keys() >= DEFAULTS.keys()


def test_a_storage_reads_in_label_studio_s_order() -> None:
    document = storage_document(1, CREATED, new_members({"project": 1, "bucket": "b"}), Sync())
    assert list(document) == [
        *("id", "type", "synchronizable", "presign", "last_sync", "last_sync_count", "last_sync_job", "status"),
        *("traceback", "meta", "title", "description", "created_at", "bucket", "prefix", "regex_filter"),
        *("use_blob_urls", "aws_sse_kms_key_id", "region_name", "s3_endpoint", "presign_ttl", "recursive_scan"),
        "project",
    ]
    assert (document["type"], document["status"], document["meta"]) == ("s3", "initialized", {})
    assert document["created_at"] == "2026-01-31T12:00:00.000000Z"


@pytest.mark.parametrize(
    ("phase", "hindrance", "status"),
    [
        (None, None, "queued"),
        ("Pending", None, "queued"),
        ("Pending", "spec.source: refused", "failed"),
        ("Queued", None, "queued"),
        ("Launching", None, "in_progress"),
        ("Transferring", "spec.source: refused", "in_progress"),
        ("Cancelling", None, "in_progress"),
        ("Succeeded", "spec.source: refused", "completed"),
        ("Failed", None, "failed"),
        ("Cancelled", None, "failed"),
        ("Rejected", None, "failed"),
        ("Unknown", None, "failed"),
    ],
)
def test_the_last_run_s_phase_is_the_sync_s_status(phase: str | None, hindrance: str | None, status: str) -> None:
    sync = last_sync([run(1, "Succeeded"), run(2, phase)], hindrance)
    assert sync.status == status
    assert (sync.meta or {})["attempts"] == 2


def test_a_failure_is_told_with_the_first_files_of_the_report() -> None:
    failures = [{"path": "/a.txt", "code": "VerifyFailed", "detail": "differs"}, {"path": "/b.txt"}]
    status = {"result": {"errorCode": "VerifyFailed", "errorDetail": "2 files"}, "report": {"failures": failures}}
    assert last_sync([run(1, "Failed", status=status)], None).traceback == (
        "VerifyFailed: 2 files\n/a.txt: VerifyFailed: differs\n/b.txt"
    )


def test_a_sync_that_ended_well_tells_when_and_how_much_and_keeps_the_last_failure() -> None:
    failed = run(1, "Failed", status={"result": {"errorCode": "OpNotSupported", "errorDetail": "no such bucket"}})
    ended = {"completionTime": "2026-02-01T00:01:00Z", "counters": {"filesTransferred": 3}}
    done = run(2, "Succeeded", status={**ended, "result": {"totalDuration": 7662}})
    sync = last_sync([failed, done], None)
    assert (sync.finished_at, sync.count, sync.job) == ("2026-02-01T00:01:00.000000Z", 3, f"exec-{2:017x}")
    assert sync.traceback == "OpNotSupported: no such bucket"
    assert sync.meta == {
        "attempts": 2,
        "time_queued": "2026-01-31 12:00:00.000000+00:00",
        "time_in_progress": "2026-02-01 00:00:02.000000+00:00",
        "time_completed": "2026-02-01 00:01:00.000000+00:00",
        "counters": {"filesTransferred": 3},
        "duration": 7.662,
    }
    assert last_sync([done, failed], None).finished_at is None
    assert last_sync([], None) == Sync()


def test_a_sync_that_waits_for_what_can_t_be_tells_why() -> None:
    assert last_sync([run(1, "Pending", started=False)], "spec.source: refused").traceback == "spec.source: refused"
