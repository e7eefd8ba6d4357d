"""What messages of a queue tell of executions."""

from __future__ import annotations

import json
from typing import Any

import pytest

from datamover_operator.runs.plan.state_changes import StateChange, read_state_change

ARN = "arn:aws:datasync:eu-central-1:123456789012:task/task-0123456789abcdef0/execution/exec-0123456789abcdef0"
EVENT: dict[str, Any] = {
    "source": "aws.datasync",
    "detail-type": "DataSync Task Execution State Change",
    "account": "123456789012",
    "resources": [ARN],
    "detail": {"State": "SUCCESS"},
}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({}, StateChange(ARN, is_end=True)),
        ({"detail": {"State": "ERROR"}}, StateChange(ARN, is_end=True)),
        ({"detail": {"State": "LAUNCHING"}}, StateChange(ARN, is_end=False)),
        ({"detail": {"State": "SOMETHING_NEW"}}, StateChange(ARN, is_end=False)),
        ({"detail": {}}, None),
        ({"detail": None}, None),
        ({"source": "aws.ec2"}, None),
        ({"detail-type": "DataSync Task State Change", "resources": [ARN.partition("/execution/")[0]]}, None),
        ({"resources": []}, None),
        ({"resources": [ARN.replace("123456789012", "999999999999")]}, None),
        ({"resources": [ARN.replace("eu-central-1", "eu-west-1")]}, None),
        ({"resources": [f"{ARN}{'x' * 200}"]}, None),
        ({"resources": [7]}, None),
    ],
)
def test_only_executions_of_the_account_count(change: dict[str, Any], told: StateChange | None) -> None:
    assert read_state_change(json.dumps(EVENT | change), "123456789012", "eu-central-1") == told


@pytest.mark.parametrize("body", ["", "{", "null", "[]", "7", '"x"', "[" * 100_000, "\ud800"])
def test_nonsense_tells_nothing(body: str) -> None:
    assert read_state_change(body, "123456789012", "eu-central-1") is None
