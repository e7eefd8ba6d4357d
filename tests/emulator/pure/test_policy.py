"""The evaluator of IAM policies."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from datasync_emulator.access.policy import _like, allows, parse, trusts

BUCKET = "arn:aws:s3:::data"
OBJECTS = f"{BUCKET}/in/*"
CONTEXT = {"aws:resourceaccount": "111122223333", "s3:prefix": "in/"}


def allow(**statement: object) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"} | statement


@pytest.mark.parametrize(
    ("statements", "allowed"),
    [
        ([], False),
        ([allow()], True),
        (allow(), True),
        ([allow(Action="s3:*")], True),
        ([allow(Action="*")], True),
        ([allow(Action=["s3:PutObject", "S3:getobject"])], True),
        ([allow(Action="s3:Get?bject")], True),
        ([allow(Action="s3:GetObjectTagging")], False),
        ([allow(Action="iam:*")], False),
        ([allow(Resource=f"{BUCKET}/*")], True),
        ([allow(Resource=[BUCKET, f"{BUCKET}/in/*"])], True),
        ([allow(Resource=BUCKET)], False),
        ([allow(Resource=f"{BUCKET}/other/*")], False),
        ([allow(Resource="arn:aws:s3:::dat?/in/*")], True),
        ([allow(), allow(Effect="Deny")], False),
        ([allow(), allow(Effect="Deny", Resource="arn:aws:s3:::other/*")], True),
        ([{"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}], True),
        ([{"Effect": "Allow", "NotAction": "s3:Get*", "Resource": "*"}], False),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": f"{BUCKET}/*"}], False),
        ([{"Effect": "Allow", "Action": "s3:*", "NotResource": "arn:aws:s3:::other/*"}], True),
        ([allow(Condition={"StringEquals": {"aws:ResourceAccount": "111122223333"}})], True),
        ([allow(Condition={"StringEquals": {"aws:ResourceAccount": ["1", "2"]}})], False),
        ([allow(Condition={"StringNotEquals": {"aws:ResourceAccount": "1"}})], True),
        ([allow(Condition={"StringNotEquals": {"aws:ResourceAccount": "111122223333"}})], False),
        ([allow(Condition={"StringLike": {"s3:prefix": ["out/*", "in/*"]}})], True),
        ([allow(Condition={"StringNotLike": {"s3:prefix": "in/*"}})], False),
        ([allow(Condition={"StringEquals": {"aws:Unknown": "x"}})], False),
        ([allow(Condition={"StringNotEquals": {"aws:Unknown": "x"}})], True),
        ([allow(Condition={"StringEqualsIfExists": {"aws:Unknown": "x"}})], True),
        ([allow(Condition={"Null": {"aws:Unknown": "true"}})], True),
        ([allow(Condition={"Null": {"s3:prefix": "true"}})], False),
        ([allow(Condition={"NumericEquals": {"s3:max-keys": "1"}})], False),
        ("nonsense", False),
    ],
)
def test_what_a_policy_allows(statements: object, *, allowed: bool) -> None:
    assert allows([{"Version": "2012-10-17", "Statement": statements}], "s3:GetObject", OBJECTS, CONTEXT) is allowed


def test_a_deny_of_one_policy_overrules_an_allow_of_another() -> None:
    policies = [{"Statement": [allow()]}, {"Statement": [allow(Effect="Deny")]}]
    assert not allows(policies, "s3:GetObject", OBJECTS, CONTEXT)


@pytest.mark.parametrize(
    ("principal", "trusted"),
    [
        ({"Service": "datasync.amazonaws.com"}, True),
        ({"Service": ["ec2.amazonaws.com", "datasync.amazonaws.com"]}, True),
        ({"Service": "ec2.amazonaws.com"}, False),
        ({"AWS": "arn:aws:iam::111122223333:root"}, False),
        ("*", True),
        (None, False),
    ],
)
def test_whom_a_role_trusts(principal: object, *, trusted: bool) -> None:
    statement = {"Effect": "Allow", "Principal": principal, "Action": ["sts:AssumeRole", "sts:TagSession"]}
    assert trusts({"Statement": statement}, "datasync.amazonaws.com", {}) is trusted


@pytest.mark.parametrize("text", ["", "{", "[]", "1", "null"])
def test_what_is_no_policy_allows_nothing(text: str) -> None:
    assert not allows([parse(text)], "s3:GetObject", OBJECTS, CONTEXT)


@given(st.text("ab*?", max_size=8), st.text("ab", max_size=8))
def test_wildcards_agree_with_a_regular_expression(pattern: str, value: str) -> None:
    expression = "".join({"*": ".*", "?": "."}.get(each, each) for each in pattern)
    assert _like(pattern, value) == (re.fullmatch(expression, value) is not None)


def test_a_pattern_with_many_stars_is_not_tried_again_and_again() -> None:
    """A matcher that tries every way would not end before the sun does."""
    assert not _like("*a" * 500 + "b", "a" * 2048)
