"""EventBridge hears of executions' states."""

from __future__ import annotations

import json
from typing import Any

from tests.support.account import Account
from tests.support.waiting import eventually


def test_states_arrive_in_a_queue(account: Account) -> None:
    sqs, events = account.client("sqs"), account.client("events")
    queue = sqs.create_queue(QueueName="states")["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{account.region}:{account.number}:states"
    events.put_rule(Name="datasync", EventPattern=json.dumps({"source": ["aws.datasync"]}))
    events.put_targets(Rule="datasync", Targets=[{"Id": "queue", "Arn": queue_arn}])
    execution = account.start(account.efs_task())
    received: list[dict[str, Any]] = []

    def all_arrived() -> bool:
        for message in sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
            received.append(json.loads(message["Body"]))
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return len(received) == 5

    eventually(all_arrived)
    states = ["LAUNCHING", "PREPARING", "TRANSFERRING", "VERIFYING", "SUCCESS"]
    assert [event["detail"]["State"] for event in received] == states
    for event in received:
        assert event["detail-type"] == "DataSync Task Execution State Change"
        assert event["resources"] == [execution]
        assert event["region"] == account.region
