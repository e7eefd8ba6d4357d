"""With a queue of state changes runs are recorded at once; without it, or if it misbehaves, polling alone is right."""

from __future__ import annotations

import json
from typing import Any

from tests.support.movers import ACCOUNT_ID, REGION, World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually

SELDOM: dict[str, Any] = {"run_poll_interval_seconds": 300, "sweep_interval_seconds": 3600}
"""So seldom that nothing is found by polling within a test."""


def filled_queue(world: World) -> str:
    """A queue to which EventBridge sends DataSync's state changes, as docs/events.md says."""
    queue: str = world.aws("sqs").create_queue(QueueName="datamover")["QueueUrl"]
    pattern = {"source": ["aws.datasync"], "detail-type": ["DataSync Task Execution State Change"]}
    events = world.aws("events")
    events.put_rule(Name="datamover", EventPattern=json.dumps(pattern))
    target = {"Id": "datamover", "Arn": f"arn:aws:sqs:{REGION}:{ACCOUNT_ID}:datamover"}
    events.put_targets(Rule="datamover", Targets=[target])
    return queue


def prepare(world: World, **spec: Any) -> None:  # noqa: ANN401 - a spec's members
    world.bucket("src", {"a.txt": b"alpha"})
    world.bucket("dst")
    world.grant_all(**spec)


def test_runs_and_strangers_executions_are_recorded_by_events_alone(world: World, operator: Operators) -> None:
    queue = filled_queue(world)
    prepare(world, events={"queueUrl": queue})
    operator(**SELDOM)
    world.s3_mover()
    task = world.wait_ready()["status"]["taskArn"]
    for name in ("first", "second"):
        with world.emulator.fault(state="TRANSFERRING", hold="before"):  # its end is told once its start is recorded
            world.run(name)
            world.wait_phase(name, "Launching", "Preparing", "Transferring")
        world.wait_phase(name, "Succeeded")
    arn = world.aws("datasync").start_task_execution(TaskArn=task)["TaskExecutionArn"]
    name = f"m-{arn.rsplit('/', 1)[-1]}"
    eventually(lambda: world.get("DataMoverRun", name) is not None, what="the stranger's execution is recorded")
    sqs = world.aws("sqs")

    def left() -> int:
        found = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
        return int(found["ApproximateNumberOfMessages"]) + int(found["ApproximateNumberOfMessagesNotVisible"])

    eventually(lambda: left() == 0, what="the operator has deleted what it has read")


def test_polling_alone_is_right_when_messages_are_lost_doubled_or_nonsense(world: World, operator: Operators) -> None:
    sqs = world.aws("sqs")
    queue = sqs.create_queue(QueueName="datamover")["QueueUrl"]
    prepare(world, events={"queueUrl": queue})
    operator()
    world.s3_mover()
    task = world.wait_ready()["status"]["taskArn"]
    false_end = {
        "source": "aws.datasync",
        "detail-type": "DataSync Task Execution State Change",
        "resources": [f"{task}/execution/exec-0123456789abcdef0"],
        "detail": {"State": "SUCCESS"},
    }
    for body in ("", "{", "[1]", "null", '"' + "[" * 100_000, json.dumps(false_end), json.dumps(false_end)):
        sqs.send_message(QueueUrl=queue, MessageBody=body or " ")
    world.run("r")
    world.wait_phase("r", "Succeeded")
    sqs.delete_queue(QueueUrl=queue)
    world.run("without")
    world.wait_phase("without", "Succeeded")
    assert sorted(each["metadata"]["name"] for each in world.list("DataMoverRun")) == ["r", "without"]
