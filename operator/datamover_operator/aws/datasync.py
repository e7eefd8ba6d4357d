"""DataSync's operations: https://docs.aws.amazon.com/datasync/latest/userguide/API_Operations.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from datamover_crds import LOCATIONS, to_timestamp
from datamover_operator.aws.ports import NO_SECRETS
from datamover_operator.aws.replies import every_page, items_of, tag_list, tags_of, text_of
from datamover_operator.aws.translate import from_aws, to_aws, with_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from datamover_crds import JsonObject
    from datamover_operator.aws.calls import Channel, Reply
    from datamover_operator.aws.ports import Secrets

_PAGE_SIZE: Final = 100


class BotoDataSync:
    """The `DataSync` port."""

    def __init__(self, channel: Channel) -> None:
        """Use the account that `channel` leads to."""
        self._channel = channel

    async def create_location(self, kind: str, request: JsonObject, secrets: Secrets = NO_SECRETS) -> str:
        """Send CreateLocation…; return the location's ARN."""
        operation = f"CreateLocation{LOCATIONS[kind].operation}"
        reply = await self._channel.call("datasync", operation, with_secrets(to_aws(request), secrets))
        return text_of(reply, "LocationArn", operation)

    async def describe_location(self, kind: str, arn: str) -> JsonObject:
        """Return DescribeLocation…."""
        location_type = LOCATIONS[kind]
        reply = await self._call(f"DescribeLocation{location_type.operation}", LocationArn=arn)
        return location_type.without_secrets(from_aws(reply))

    async def update_location(self, kind: str, arn: str, changes: JsonObject, secrets: Secrets = NO_SECRETS) -> None:
        """Send UpdateLocation…."""
        request = with_secrets({"LocationArn": arn, **to_aws(changes)}, secrets)
        await self._channel.call("datasync", f"UpdateLocation{LOCATIONS[kind].operation}", request)

    async def delete_location(self, arn: str) -> None:
        """Send DeleteLocation."""
        await self._call("DeleteLocation", LocationArn=arn)

    async def list_locations(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        """Return every page of ListLocations."""
        pages = await self._pages("ListLocations", **_since(created_after))
        return [from_aws(item) for page in pages for item in items_of(page, "Locations")]

    async def describe_agent(self, arn: str) -> JsonObject:
        """Return DescribeAgent."""
        return from_aws(await self._call("DescribeAgent", AgentArn=arn))

    async def create_task(self, request: JsonObject) -> str:
        """Send CreateTask; return the task's ARN."""
        return await self._create("CreateTask", request, "TaskArn")

    async def describe_task(self, arn: str) -> JsonObject:
        """Return DescribeTask."""
        return from_aws(await self._call("DescribeTask", TaskArn=arn))

    async def update_task(self, arn: str, changes: JsonObject) -> None:
        """Send UpdateTask."""
        await self._call("UpdateTask", TaskArn=arn, **to_aws(changes))

    async def delete_task(self, arn: str) -> None:
        """Send DeleteTask."""
        await self._call("DeleteTask", TaskArn=arn)

    async def list_tasks(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        """Return every page of ListTasks."""
        pages = await self._pages("ListTasks", **_since(created_after))
        return [from_aws(item) for page in pages for item in items_of(page, "Tasks")]

    async def start_task_execution(self, request: JsonObject) -> str:
        """Send StartTaskExecution; return the execution's ARN."""
        return await self._create("StartTaskExecution", request, "TaskExecutionArn")

    async def describe_task_execution(self, arn: str) -> JsonObject:
        """Return DescribeTaskExecution."""
        return from_aws(await self._call("DescribeTaskExecution", TaskExecutionArn=arn))

    async def update_task_execution(self, arn: str, bytes_per_second: int) -> None:
        """Send UpdateTaskExecution."""
        options = {"BytesPerSecond": bytes_per_second}
        await self._call("UpdateTaskExecution", TaskExecutionArn=arn, Options=options)

    async def cancel_task_execution(self, arn: str) -> None:
        """Send CancelTaskExecution."""
        await self._call("CancelTaskExecution", TaskExecutionArn=arn)

    async def list_task_executions(self, task_arn: str) -> Sequence[JsonObject]:
        """Return every page of ListTaskExecutions of one task."""
        pages = await self._pages("ListTaskExecutions", TaskArn=task_arn)
        return [from_aws(item) for page in pages for item in items_of(page, "TaskExecutions")]

    async def list_all_executions(self) -> Sequence[str]:
        """Return every page of ListTaskExecutions of all tasks: the ARNs."""
        pages = await self._pages("ListTaskExecutions")
        return [str(item["TaskExecutionArn"]) for page in pages for item in items_of(page, "TaskExecutions")]

    async def list_tags(self, arn: str) -> dict[str, str]:
        """Return every page of ListTagsForResource."""
        pages = await self._pages("ListTagsForResource", ResourceArn=arn)
        return {key: value for page in pages for key, value in tags_of(page, "Tags").items()}

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        """Send TagResource."""
        await self._call("TagResource", ResourceArn=arn, Tags=tag_list(tags))

    async def untag(self, arn: str, keys: Sequence[str]) -> None:
        """Send UntagResource."""
        await self._call("UntagResource", ResourceArn=arn, Keys=list(keys))

    async def _create(self, operation: str, request: JsonObject, answer: str) -> str:
        return text_of(await self._call(operation, **to_aws(request)), answer, operation)

    async def _pages(self, operation: str, **request: object) -> list[Reply]:
        return await every_page(
            self._channel, "datasync", operation, {"MaxResults": _PAGE_SIZE, **request}, "NextToken"
        )

    async def _call(self, operation: str, **request: object) -> Reply:
        return await self._channel.call("datasync", operation, request)


def _since(moment: datetime | None) -> dict[str, object]:
    """The filters of a listing of what was made since then."""
    if moment is None:
        return {}
    return {"Filters": [{"Name": "CreationTime", "Operator": "GreaterThanOrEqual", "Values": [to_timestamp(moment)]}]}
