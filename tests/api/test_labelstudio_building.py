"""From Label Studio's storages to movers."""

from __future__ import annotations

import re

import pytest

from datamover_api.actions.patches import replacing
from datamover_api.labelstudio.building import (
    SecretNames,
    has_destination,
    id_of,
    members_in,
    name_of,
    new_mover,
    secret_values,
    spec_of,
)
from datamover_api.labelstudio.members import ForbiddenUrlError, InvalidMembersError, new_members
from datamover_api.labelstudio.selecting import below
from datamover_api.labelstudio.syncs import active_run, next_run
from datamover_crds import JsonObject
from datamover_crds.patterns import searcher
from tests.api.samples import account, dumped, run

DESTINATION: JsonObject = {"s3": {"s3BucketArn": "arn:aws:s3:::labels", "subdirectory": "/1"}}
LISTS: JsonObject = {"s3BucketArn": "arn:aws:s3:::lists"}
ACCOUNT = account(labelStudio={"projects": [{"id": 1, "destination": DESTINATION}]}, selections=LISTS)
OPEN = account(labelStudio={"default": DESTINATION}, region="cn-north-1")


def test_a_storage_is_a_mover_with_its_members_beside() -> None:
    members = new_members({"project": 1, "bucket": "b", "prefix": "/a/", "title": "T"})
    spec = spec_of(members, ACCOUNT, SecretNames())
    made = new_mover(7, members, spec, "rest")
    raw = dumped(made)["spec"]
    assert raw["source"] == {"s3": {"s3BucketArn": "arn:aws:s3:::b", "subdirectory": "/a/"}}
    assert (raw["destination"], raw["excludes"][0]["value"], raw["taskMode"]) == (DESTINATION, "/*/*", "ENHANCED")
    assert members_in(made) == members
    assert (made.metadata.name, id_of("label-studio-7"), id_of("label-studio-07"), name_of(7)) == (
        "label-studio-7",
        7,
        None,
        "label-studio-7",
    )
    encrypted = dumped(spec_of({**members, "aws_sse_kms_key_id": "1234abcd-12ab"}, ACCOUNT, SecretNames()))
    keys = ["arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab"]
    assert encrypted["source"]["s3"]["accessRole"] == {"kmsKeyArns": keys}
    deep = dumped(spec_of({**members, "recursive_scan": True}, OPEN, SecretNames()))
    assert "excludes" not in deep
    assert deep["source"]["s3"]["s3BucketArn"] == "arn:aws-cn:s3:::b"


@pytest.mark.parametrize(
    ("endpoint", "block"),
    [
        ("http://169.254.169.254", "169.254.0.0/16"),
        ("http://[::ffff:169.254.169.254]:80", "169.254.0.0/16"),
        ("http://[fe80::1]", "fe80::/10"),
        ("http://0.0.0.0:9000", "0.0.0.0/8"),
    ],
)
def test_an_endpoint_at_a_reserved_address_is_forbidden(endpoint: str, block: str) -> None:
    members = new_members({"project": 1, "bucket": "bucket", "s3_endpoint": endpoint})
    with pytest.raises(ForbiddenUrlError, match=re.escape(f"(block: {block})")):
        spec_of(members, ACCOUNT, SecretNames())


@pytest.mark.parametrize(
    ("given", "member"),
    [
        ({"project": 2}, "project"),
        ({"bucket": None}, "bucket"),
        ({"bucket": "../x\r\ny"}, "bucket"),
        ({"bucket": "b/*"}, "bucket"),
        ({"bucket": "b" * 256}, "bucket"),
        ({"aws_sse_kms_key_id": "*"}, "aws_sse_kms_key_id"),
        ({"regex_filter": ".*", "s3_endpoint": "http://h"}, "regex_filter"),
        ({"regex_filter": "(?=a)"}, "regex_filter"),
        ({"regex_filter": "a" * 600}, "regex_filter"),
        ({"regex_filter": "b/.*", "prefix": "a"}, "regex_filter"),
        ({"aws_sse_kms_key_id": "alias/k"}, "aws_sse_kms_key_id"),
        ({"aws_sse_kms_key_id": "k", "s3_endpoint": "http://h"}, "aws_sse_kms_key_id"),
        ({"s3_endpoint": "minio"}, "s3_endpoint"),
        ({"s3_endpoint": "http://u:p@minio"}, "s3_endpoint"),
        ({"s3_endpoint": "http://h:x"}, "s3_endpoint"),
        ({"s3_endpoint": "http://h", "aws_session_token": "t"}, "aws_session_token"),
        ({"prefix": "x" * 5000}, "prefix"),
    ],
)
def test_what_the_operator_can_t_do_is_told_with_the_member(given: JsonObject, member: str) -> None:
    members = {**new_members({"project": 1, "bucket": "b"}), **given}
    with pytest.raises(InvalidMembersError) as refused:
        spec_of(members, ACCOUNT, SecretNames())
    assert refused.value.problems.keys() == {member}


@pytest.mark.parametrize(
    ("prefix", "regex", "taken", "left"),
    [
        ("", r".*\.csv$", ["a.csv", "in/a.csv"], ["a.csv.gz"]),
        ("", "in/|out/", ["in/a", "out/a"], ["x/in/a"]),
        ("in", r".*\.csv", ["a.csv", "deep/a.csv"], ["a.txt"]),
        ("in", r"in/[^|]\.csv", ["a.csv"], ["in/a.csv", "|.csv"]),
        ("/in/", r"^in\/(a|b)", ["a.csv", "b.csv"], ["c.csv"]),
        ("in", r".*/a\.csv", ["a.csv", "deep/a.csv"], ["ba.csv"]),
        ("v1.0", r"v1\.0/.*", ["a"], []),
    ],
)
def test_a_filter_is_for_the_whole_key(prefix: str, regex: str, taken: list[str], left: list[str]) -> None:
    members = new_members({"project": 1, "bucket": "b", "prefix": prefix, "regex_filter": regex})
    selects = dumped(spec_of({**members, "recursive_scan": True}, ACCOUNT, SecretNames()))
    assert (selects["select"].keys(), "excludes" in selects) == ({"regex"}, False)
    finds = searcher(selects["select"]["regex"])
    assert [each for each in taken + left if finds(each)] == taken
    shallow = dumped(spec_of(members, ACCOUNT, SecretNames()))
    assert (shallow["select"]["glob"], "excludes" in shallow) == ("*", False)


@pytest.mark.parametrize("regex", ["in", "in/|out/", "in/?a", "inn/", r"\win/", "in/)|(a"])
def test_a_filter_that_can_t_be_told_from_the_prefix_is_refused(regex: str) -> None:
    with pytest.raises(InvalidMembersError, match="regex_filter: "):
        below("in/", regex)


def test_a_filter_needs_a_bucket_for_lists() -> None:
    members = new_members({"project": 1, "bucket": "b", "regex_filter": ".*"})
    with pytest.raises(InvalidMembersError, match=r"set selections, .* in DataMoverAccount '"):
        spec_of(members, OPEN, SecretNames())


def test_keys_for_an_endpoint_are_references() -> None:
    members = new_members({"project": 1, "bucket": "bucket", "s3_endpoint": "https://minio:9000"})
    spec = spec_of(members, ACCOUNT, SecretNames("a", "s"))
    source = dumped(spec)["source"]["objectStorage"]
    assert (source["accessKey"], source["secretKey"]) == ({"name": "a", "key": "value"}, {"name": "s", "key": "value"})
    assert SecretNames.of(spec) == SecretNames("a", "s")
    assert secret_values({"aws_access_key_id": "x", "aws_secret_access_key": None}) == {
        "accessKey": "x",
        "secretKey": None,
    }


def test_projects_are_those_that_have_a_destination() -> None:
    assert [has_destination(ACCOUNT, each) for each in (1, 2)] == [True, False]
    assert has_destination(OPEN, 2)
    assert not has_destination(account(), 1)


def test_runs_are_numbered_and_one_is_active() -> None:
    mover = new_mover(
        7, {"project": 1}, spec_of(new_members({"project": 1, "bucket": "b"}), ACCOUNT, SecretNames()), "r"
    )
    first = next_run(mover, [])
    assert first.metadata.name == "label-studio-7-1"
    assert next_run(mover, [first, run(12, "Succeeded")]).metadata.name == "label-studio-7-2"
    assert active_run([run(1, "Succeeded"), first]) is first
    assert active_run([run(1, "Failed")]) is None


def test_a_patch_turns_one_object_into_another() -> None:
    old: JsonObject = {"a": 1, "b": {"c": 1, "d": 2}, "e": [1]}
    new: JsonObject = {"a": 1, "b": {"c": 2}, "f": {"g": None}}
    assert replacing(old, new) == {"b": {"c": 2, "d": None}, "e": None, "f": {"g": None}}
    assert replacing(old, old) == {}
