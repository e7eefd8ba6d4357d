"""EventBridge hears of the states of executions and tasks."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.account import Account
from tests.support.waiting import eventually

Receive = Callable[[int], list[Any]]


@pytest.fixture
def subscribe(account: Account) -> Callable[..., Receive]:
    """Send the events of one kind to a queue; gives what waits for so many messages' bodies."""
    sqs, events = account.client("sqs"), account.client("events")

    def subscribed(subject: str, **target: object) -> Receive:
        queue = sqs.create_queue(QueueName="states")["QueueUrl"]
        queue_arn = f"arn:aws:sqs:{account.region}:{account.number}:states"
        pattern = {"source": ["aws.datasync"], "detail-type": [f"DataSync {subject} State Change"]}
        events.put_rule(Name="datasync", EventPattern=json.dumps(pattern))
        events.put_targets(Rule="datasync", Targets=[{"Id": "queue", "Arn": queue_arn, **target}])
        received: list[Any] = []

        def receive(wanted: int) -> list[Any]:
            def all_arrived() -> bool:
                for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
                    received.append(json.loads(message["Body"]))
                    sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
                return len(received) >= wanted

            eventually(all_arrived)
            return received

        return receive

    return subscribed


STATES = ["LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"]


def test_an_executions_states_arrive_in_a_queue(account: Account, subscribe: Callable[..., Receive]) -> None:
    receive = subscribe("Task Execution")
    execution = account.start(account.efs_task())
    received = receive(5)
    assert [event["detail"]["State"] for event in received] == STATES
    for event in received:
        assert event["resources"] == [execution]
        assert (event["account"], event["region"]) == (account.number, account.region)
        assert event["detail-type"] == "DataSync Task Execution State Change"
        assert event["time"].endswith("Z")
    assert len({event["id"] for event in received}) == len(STATES)


@pytest.mark.parametrize(
    ("target", "bodies"),
    [
        ({"InputPath": "$.detail"}, [{"State": state} for state in STATES]),
        ({"InputPath": "$.detail.State"}, STATES),
        ({"Input": json.dumps({"hello": "there"})}, [{"hello": "there"}] * len(STATES)),
        (
            {
                "InputTransformer": {
                    "InputPathsMap": {"state": "$.detail.State"},
                    "InputTemplate": '{"is": "<state>"}',
                }
            },
            [{"is": state} for state in STATES],
        ),
    ],
)
def test_a_target_gets_the_input_that_its_rule_says(
    account: Account, subscribe: Callable[..., Receive], target: dict[str, Any], bodies: list[Any]
) -> None:
    receive = subscribe("Task Execution", **target)
    account.start(account.efs_task())
    assert receive(len(bodies)) == bodies


def test_a_tasks_states_arrive_too(account: Account, subscribe: Callable[..., Receive]) -> None:
    receive = subscribe("Task")
    task = account.efs_task()
    receive(1)
    account.start(task)
    received = receive(3)
    assert [event["detail"]["State"] for event in received] == ["AVAILABLE", "RUNNING", "AVAILABLE"]
    assert {event["resources"][0] for event in received} == {task}
    assert {event["account"] for event in received} == {account.number}


def test_a_disabled_rule_gets_nothing(account: Account, subscribe: Callable[..., Receive]) -> None:
    receive = subscribe("Task Execution")
    events = account.client("events")
    task = account.efs_task()
    events.disable_rule(Name="datasync")
    account.ended(account.start(task))
    events.enable_rule(Name="datasync")
    execution = account.start(task)
    assert {event["resources"][0] for event in receive(5)} == {execution}
