"""Whether CloudWatch Logs lets DataSync write, as its resource policies say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datamover_crds import DataMover, DataMoverAccount, JsonObject, parse
from datamover_operator.movers.plan.log_access import log_advice, may_write
from datamover_operator.movers.plan.names import Identity
from datamover_operator.movers.plan.observed import Observed
from tests.support.specs import OTHER_BUCKET, account, mover, s3

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


ADVICE = "has no resource policy that lets DataSync write to it"
ALLOWED = (json.dumps({"Statement": [GOOD]}),)
LOGGED: JsonObject = {"options": {"logLevel": "BASIC"}, "taskMode": "BASIC"}
OFF: JsonObject = {"options": {"logLevel": "OFF"}}
ENHANCED: JsonObject = LOGGED | {"taskMode": "ENHANCED"}


@pytest.mark.parametrize(
    ("group", "described", "policies", "told", "expected"),
    [
        (GROUP, LOGGED, (), "", True),
        (GROUP, LOGGED, ALLOWED, "", False),
        (f"{GROUP}-other", LOGGED, ALLOWED, "", True),
        (None, LOGGED, (), "", False),
        (GROUP, OFF, (), "", False),
        (GROUP, None, (), "", False),  # there is no task yet
        (GROUP, ENHANCED, (), "", False),  # a role of DataSync's own writes
        (GROUP, LOGGED, None, "", False),  # not read in this pass, and nothing was told
        (GROUP, LOGGED, None, f"'{GROUP}' {ADVICE}", True),
        (GROUP, LOGGED, None, f"'{GROUP}-other' {ADVICE}", False),  # told of another one
        (GROUP, LOGGED, ALLOWED, f"'{GROUP}' {ADVICE}", False),
    ],
)
def test_what_is_advised(
    group: str | None, described: JsonObject | None, policies: tuple[str, ...] | None, told: str, expected: bool
) -> None:
    spec = {"cloudWatchLogGroupArn": group} if group is not None else {}
    ready = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": told,
        "lastTransitionTime": "2025-01-15T12:00:00Z",
    }
    known = mover(source=s3(), destination=OTHER_BUCKET, **spec) | {"status": {"conditions": [ready]}}
    o = Observed(
        mover=parse(DataMover, known),
        identity=Identity("uid", "cluster-1", "team-a", "m"),
        account=parse(DataMoverAccount, account(accountId="123456789012", region="eu-central-1")),
        instance="operator-1",
        nonce="n",
        log_policies=policies,
    )
    advice = log_advice(o, described)
    assert (advice is not None) is expected
    if advice is not None:
        policy = json.loads(advice.partition("--policy-document '")[2].removesuffix("'"))
        assert may_write([json.dumps(policy)], str(group), FACTS), "the advice, once followed, is enough"
