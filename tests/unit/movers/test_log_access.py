"""Whether CloudWatch Logs lets DataSync write, as its resource policies say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datamover_operator.movers.plan.log_access import may_write

GROUP = "arn:aws:logs:eu-central-1:123456789012:log-group:/datasync[1]"
FACTS = {
    "aws:sourceaccount": "123456789012",
    "aws:sourcearn": "arn:aws:datasync:eu-central-1:123456789012:task/task-1",
}
GOOD: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"Service": "datasync.amazonaws.com"},
    "Action": ["logs:PutLogEvents", "logs:CreateLogStream"],
    "Resource": f"{GROUP}:*",
}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, True),
        ({"Action": "logs:*"}, True),
        ({"Action": ["LOGS:putlogevents", "logs:Create*"]}, True),
        ({"Resource": "*"}, True),
        ({"Resource": f"{GROUP.replace('datasync', 'data????')}:*"}, True),
        ({"Resource": f"{GROUP.replace('datasync', 'data???')}:*"}, False),
        ({"Resource": "*a" * 500 + "!"}, False),  # which tries every way in vain if it is not matched in linear time
        ({"Principal": "*"}, True),
        ({"Principal": {"Service": ["ec2.amazonaws.com", "datasync.amazonaws.com"]}}, True),
        ({"Condition": {"StringEquals": {"AWS:SourceAccount": "123456789012"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": ["arn:aws:datasync:*:123456789012:task/*"]}}}, True),
        ({"Condition": {"Bool": {"aws:SecureTransport": "true"}}}, True),  # what is not known counts as met
        ({"Effect": "Deny"}, False),
        ({"Action": "logs:PutLogEvents"}, False),
        ({"Action": None}, False),
        ({"Resource": f"{GROUP}-other:*"}, False),
        ({"Resource": GROUP.replace("[1]", "1") + ":*"}, False),  # brackets mean themselves
        ({"Principal": {"Service": "ec2.amazonaws.com"}}, False),
        ({"Principal": None}, False),
        ({"Condition": {"StringEquals": {"aws:SourceAccount": "210987654321"}}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:datasync:*:210987654321:*"}}}, False),
    ],
)
def test_a_statement_lets_datasync_write_or_does_not(change: dict[str, Any], expected: bool) -> None:
    document = json.dumps({"Statement": [GOOD | change]})
    assert may_write([document], GROUP, FACTS) is expected
    assert may_write([document], f"{GROUP}:*", FACTS) is expected


def test_the_rights_may_stand_in_two_policies() -> None:
    actions = ("logs:PutLogEvents", "logs:CreateLogStream")
    documents = [json.dumps({"Statement": GOOD | {"Action": action}}) for action in actions]
    assert may_write(documents, GROUP, FACTS)
    assert not may_write(documents[:1], GROUP, FACTS)


@pytest.mark.parametrize("text", ["", "{", "null", "[]", '"a"', '{"Statement": 1}', '{"Statement": [null]}'])
def test_what_is_no_policy_allows_nothing(text: str) -> None:
    assert not may_write([text], GROUP, FACTS)
