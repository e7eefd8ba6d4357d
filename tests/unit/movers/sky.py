"""AWS as the planner's properties need it: roles, locations and tasks in dicts, behind the operator's own ports.

It is as strict as AWS where strictness shows mistakes (a location in use, a role in use, a name that is taken), and it
notes what must never happen instead of hiding it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from datamover_crds import (
    LOCATIONS,
    JsonObject,
    LocationType,
    Realm,
    from_timestamp,
    location_type_of,
    parse,
    to_timestamp,
)
from datamover_crds.locations.marks import members_of
from datamover_crds.locations.reading import request_of
from datamover_operator.aws.failure import AwsError, Failure, FailureKind
from datamover_operator.aws.ports import NO_SECRETS, S3, Aws, Role, Secrets

ACCOUNT_ID = "111122223333"
REGION = "eu-central-1"
_PREFIX = f"arn:aws:datasync:{REGION}:{ACCOUNT_ID}"
_REALM = Realm("aws", ACCOUNT_ID)
RUNTIME = timedelta(minutes=1)
DEFAULTS: JsonObject = {
    "atime": "BEST_EFFORT",
    "mtime": "PRESERVE",
    "preserveDeletedFiles": "PRESERVE",
    "bytesPerSecond": -1,
    "logLevel": "OFF",
    "overwriteMode": "ALWAYS",
    "transferMode": "CHANGED",
    "verifyMode": "POINT_IN_TIME_CONSISTENT",
}


class CrashError(BaseException):
    """The operator's process ends here."""


@dataclass
class Item:
    """A role, a location or a task: what describing it shows, its tags, and the secrets that it never shows.

    `status` is that of an idle task, `declared` what a location was created from.
    """

    arn: str
    described: JsonObject
    tags: dict[str, str]
    created: datetime
    status: str = "AVAILABLE"
    secrets: dict[str, str | bytes] = field(default_factory=dict)
    declared: LocationType | None = None


NOT_USED: Any = None
"""A port that nothing here calls."""


@dataclass
class Sky:
    """One account and region.

    `before` and `after` are called around each change, `on_read` before each read; all may raise.
    """

    now: datetime = datetime(2025, 1, 15, 12, tzinfo=UTC)
    creating: timedelta = timedelta(seconds=3)
    items: dict[str, Item] = field(default_factory=dict)
    executions: dict[str, JsonObject] = field(default_factory=dict)
    agents: dict[str, str] = field(default_factory=dict)
    writes: list[str] = field(default_factory=list)
    untouchable: set[str] = field(default_factory=set)
    lag: timedelta = timedelta(0)
    before: Callable[[str], None] = lambda _: None
    after: Callable[[str], None] = lambda _: None
    on_read: Callable[[str], None] = lambda _: None
    s3: S3 = NOT_USED
    _serial: int = 0

    def ports(self) -> Aws:
        return Aws(
            datasync=DataSync(self),
            iam=Iam(self),
            tagging=Tagging(self),
            sts=Sts(),
            queue=NOT_USED,
            s3=self.s3,
            logs=Logs(),
        )

    def of(self, kind: str) -> list[Item]:
        """All tasks, locations or roles."""
        return [item for item in self.items.values() if f":{kind}/" in item.arn]

    def add(self, kind: str, described: JsonObject, tags: Mapping[str, str]) -> Item:
        self._serial += 1
        arn = f"{_PREFIX}:{kind}/{'loc' if kind == 'location' else kind}-{self._serial:017x}"
        times: JsonObject = {f"{kind}Arn": arn, "creationTime": to_timestamp(self.now)}
        self.items[arn] = Item(arn, described | times, dict(tags), self.now)
        return self.items[arn]

    def add_role(self, name: str, tags: Mapping[str, str], path: str = "/") -> Item:
        arn = f"arn:aws:iam::{ACCOUNT_ID}:role{path}{name}"
        self.items[arn] = Item(arn, {}, dict(tags), self.now)
        return self.items[arn]

    def role(self, name: str) -> Item | None:
        return next((role for role in self.of("role") if role.arn.rsplit("/", 1)[-1].lower() == name.lower()), None)

    def get(self, arn: str, operation: str) -> Item:
        if arn not in self.items:
            raise error(FailureKind.NOT_FOUND, operation)
        return self.items[arn]

    def find(self, arn: str, operation: str) -> Item:
        self.on_read(operation)
        return self.get(arn, operation)

    def write(self, operation: str) -> None:
        self.before(operation)
        self.writes.append(operation)

    def drop(self, arn: str, operation: str) -> None:
        self.get(arn, operation)
        assert arn not in self.untouchable, f"{operation} of what is not ours: {arn}"
        users = [item.arn for item in self.items.values() if arn in _uses(item.described)]
        if users and ":role/" not in arn:
            raise error(FailureKind.CONFLICT, operation)
        unseen = [user for user in users if not self.is_shown(user)]  # what a lost status named is not known of then
        assert users == unseen, f"{operation} of {arn}, which {users} need"
        del self.items[arn]

    def is_shown(self, arn: str) -> bool:
        """Whether the tagging API shows it already."""
        return self.now - self.items[arn].created >= self.lag

    def is_running(self, task_arn: str) -> bool:
        mine = [arn for arn in self.executions if arn.startswith(f"{task_arn}/")]
        return any(self.execution(arn)["status"] == "RUNNING" for arn in mine)

    def start(self, task_arn: str) -> str:
        """Somebody starts the task: it runs for a minute."""
        self._serial += 1
        arn = f"{task_arn}/execution/exec-{self._serial:017x}"
        self.executions[arn] = {"taskExecutionArn": arn, "status": "RUNNING", "startTime": to_timestamp(self.now)}
        return arn

    def execution(self, arn: str) -> JsonObject:
        described = self.executions[arn]
        is_over = self.now >= from_timestamp(str(described["startTime"])) + RUNTIME
        return {**described, "status": "SUCCESS"} if is_over and described["status"] == "RUNNING" else dict(described)


def error(kind: FailureKind, operation: str) -> AwsError:
    return AwsError(Failure(kind, operation, kind.value, f"{operation} fails"))


def _uses(described: JsonObject) -> set[str]:
    config = described.get("s3Config")
    role = config.get("bucketAccessRoleArn") if isinstance(config, dict) else None
    arns = [described.get("sourceLocationArn"), described.get("destinationLocationArn"), role]
    return {arn for arn in arns if isinstance(arn, str)}


def _tags_in(request: JsonObject) -> dict[str, str]:
    tags = request.pop("tags")
    assert isinstance(tags, list)
    return {str(tag["key"]): str(tag["value"]) for tag in tags if isinstance(tag, dict)}


class _Everything(frozenset[str]):
    """Has any field been taken away? Then it is at its default."""

    def __contains__(self, _: object) -> bool:
        return True


def _declared(kind: type[LocationType], request: JsonObject, secrets: Secrets) -> LocationType:
    """What a request declares, which has to be valid."""
    names = {member.name for member in members_of(kind)}
    given: JsonObject = {name: value for name, value in request.items() if name in names and value}
    for place in secrets:
        *outer, last = place.split(".")
        holder = given
        for name in outer:
            holder[name] = holder = dict(cast("JsonObject", holder.get(name) or {}))
        holder[last] = {"name": "anything", "key": "k"}
    return parse(kind, given)


def _shown(location: LocationType, request: JsonObject) -> JsonObject:
    """What describing a location shows: some of the request in its URI alone, and AWS's defaults."""
    told = location.located_at(location.uri, _REALM)
    shown = request_of(location, {}, _Everything()) | request
    uri: JsonObject = {"locationUri": location.uri}
    return {name: value for name, value in shown.items() if value and name not in told} | uri


def _moved(location: LocationType, told: JsonObject) -> LocationType:
    """The same location elsewhere."""
    return location.model_copy(update={m.attribute: told[m.name] for m in members_of(type(location)) if m.name in told})


@dataclass
class DataSync:
    """The DataSync port."""

    sky: Sky

    async def create_location(self, kind: str, request: JsonObject, secrets: Secrets = NO_SECRETS) -> str:
        self.sky.write("CreateLocation")
        request = dict(request)
        tags = _tags_in(request)
        for arn in _uses(request):
            self.sky.get(arn, "CreateLocation")
        declared = _declared(LOCATIONS[kind], request, secrets)
        made = self.sky.add("location", _shown(declared, request), tags)
        made.secrets, made.declared = dict(secrets), declared
        self.sky.after("CreateLocation")
        return made.arn

    async def describe_location(self, kind: str, arn: str) -> JsonObject:
        described = self.sky.find(arn, "DescribeLocation").described
        if location_type_of(described) is not LOCATIONS[kind]:
            raise error(FailureKind.REFUSED, "DescribeLocation")
        return dict(described)

    async def update_location(self, kind: str, arn: str, changes: JsonObject, secrets: Secrets = NO_SECRETS) -> None:
        self.sky.write("UpdateLocation")
        item = self.sky.get(arn, "UpdateLocation")
        item.secrets |= secrets
        known = item.described
        assert location_type_of(known) is LOCATIONS[kind]
        updatable = {each.name for each in members_of(LOCATIONS[kind]) if each.updatable is not None}
        assert changes.keys() <= updatable | {"s3Config"}, f"UpdateLocation of what it does not take: {changes}"
        base = item.declared or parse(LOCATIONS[kind], LOCATIONS[kind].declaration(known, _REALM))
        told = base.located_at(str(known["locationUri"]), _REALM)
        moved = _moved(base, told | {name: value for name, value in changes.items() if name in told})
        known.update({name: value for name, value in changes.items() if name not in told})
        known["locationUri"] = moved.uri
        self.sky.after("UpdateLocation")

    async def delete_location(self, arn: str) -> None:
        self.sky.write("DeleteLocation")
        self.sky.drop(arn, "DeleteLocation")
        self.sky.after("DeleteLocation")

    async def list_locations(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        self.sky.on_read("ListLocations")
        since = created_after or from_timestamp("1970-01-01T00:00:00Z")
        listed = [item for item in self.sky.of("location") if item.created >= since]
        return [{"locationArn": item.arn, "locationUri": item.described["locationUri"]} for item in listed]

    async def describe_agent(self, arn: str) -> JsonObject:
        self.sky.on_read("DescribeAgent")
        if arn not in self.sky.agents:
            raise error(FailureKind.NOT_FOUND, "DescribeAgent")
        return {"agentArn": arn, "name": "agent", "status": self.sky.agents[arn]}

    async def create_task(self, request: JsonObject) -> str:
        self.sky.write("CreateTask")
        request = dict(request)
        tags = _tags_in(request)
        for arn in _uses(request):
            self.sky.get(arn, "CreateTask")
        options = request.get("options", {})
        assert isinstance(options, dict)
        whole: JsonObject = {"taskMode": "BASIC", "includes": [], "excludes": []}
        whole |= request
        whole["options"] = {**DEFAULTS, **options}
        made = self.sky.add("task", whole, tags)
        self.sky.after("CreateTask")
        return made.arn

    async def describe_task(self, arn: str) -> JsonObject:
        return self._described(self.sky.find(arn, "DescribeTask"))

    def _described(self, item: Item) -> JsonObject:
        arn = item.arn
        status = "RUNNING" if self.sky.is_running(arn) else item.status
        described: JsonObject = {**item.described, "status": status}
        if self.sky.now < item.created + self.sky.creating:
            described["status"] = "CREATING"
        newest = [execution for execution in self.sky.executions if execution.startswith(f"{arn}/")]
        return described | ({"currentTaskExecutionArn": newest[-1]} if newest else {})

    async def update_task(self, arn: str, changes: JsonObject) -> None:
        self.sky.write("UpdateTask")
        item = self.sky.get(arn, "UpdateTask")
        assert not self.sky.is_running(arn), "UpdateTask of a task that runs"
        item.described.update(changes)
        if changes.get("schedule") == {"scheduleExpression": ""}:
            del item.described["schedule"]
        self.sky.after("UpdateTask")

    async def delete_task(self, arn: str) -> None:
        self.sky.write("DeleteTask")
        assert not self.sky.is_running(arn), "DeleteTask of a task that runs"
        self.sky.drop(arn, "DeleteTask")
        self.sky.after("DeleteTask")

    async def list_tasks(self, created_after: datetime | None = None) -> Sequence[JsonObject]:
        self.sky.on_read("ListTasks")
        since = created_after or from_timestamp("1970-01-01T00:00:00Z")
        listed = [item for item in self.sky.of("task") if item.created >= since]
        return [{"taskArn": each.arn, "status": (self._described(each))["status"]} for each in listed]

    async def start_task_execution(self, request: JsonObject) -> str:
        return self.sky.start(str(request["taskArn"]))

    async def describe_task_execution(self, arn: str) -> JsonObject:
        self.sky.on_read("DescribeTaskExecution")
        return self.sky.execution(arn)

    async def update_task_execution(self, arn: str, bytes_per_second: int) -> None:
        raise NotImplementedError

    async def cancel_task_execution(self, arn: str) -> None:
        self.sky.write("CancelTaskExecution")
        self.sky.executions[arn]["status"] = "ERROR"
        self.sky.after("CancelTaskExecution")

    async def list_task_executions(self, task_arn: str) -> Sequence[JsonObject]:
        return [self.sky.execution(arn) for arn in self.sky.executions if arn.startswith(f"{task_arn}/")]

    async def list_all_executions(self) -> Sequence[str]:
        self.sky.on_read("ListTaskExecutions")
        return list(self.sky.executions)

    async def list_tags(self, arn: str) -> dict[str, str]:
        return dict(self.sky.find(arn, "ListTagsForResource").tags)

    async def tag(self, arn: str, tags: Mapping[str, str]) -> None:
        self.sky.write("TagResource")
        self.sky.get(arn, "TagResource").tags.update(tags)
        self.sky.after("TagResource")

    async def untag(self, arn: str, keys: Sequence[str]) -> None:
        self.sky.write("UntagResource")
        item = self.sky.get(arn, "UntagResource")
        item.tags = {key: value for key, value in item.tags.items() if key not in keys}
        self.sky.after("UntagResource")


@dataclass
class Iam:
    """The IAM port."""

    sky: Sky

    async def create_role(
        self,
        name: str,
        *,
        path: str,
        trust: JsonObject,
        tags: Mapping[str, str],
        permissions_boundary: str | None,
    ) -> Role:
        self.sky.write("CreateRole")
        if self.sky.role(name) is not None:
            raise error(FailureKind.CONFLICT, "CreateRole")
        item = self.sky.add_role(name, tags, path)
        item.described = {"trust": trust, "boundary": permissions_boundary}
        self.sky.after("CreateRole")
        return Role(item.arn, name, item.created, dict(tags), None, permissions_boundary)

    async def list_roles(self) -> Mapping[str, JsonObject]:
        self.sky.on_read("ListRoles")
        return {item.arn: cast("JsonObject", item.described.get("trust", {})) for item in self.sky.of("role")}

    async def get_role(self, name: str, policy_name: str) -> Role:
        self.sky.on_read("GetRole")
        item = self._get(name, "GetRole")
        policy, boundary = item.described.get(policy_name), item.described.get("boundary")
        shown = policy if isinstance(policy, dict) else None
        return Role(item.arn, name, item.created, dict(item.tags), shown, str(boundary) if boundary else None)

    async def put_role_permissions_boundary(self, name: str, boundary: str) -> None:
        self.sky.write("PutRolePermissionsBoundary")
        item = self._get(name, "PutRolePermissionsBoundary")
        assert item.arn not in self.sky.untouchable, f"PutRolePermissionsBoundary on what is not ours: {name}"
        item.described["boundary"] = boundary
        self.sky.after("PutRolePermissionsBoundary")

    async def put_role_policy(self, name: str, policy_name: str, policy: JsonObject) -> None:
        self.sky.write("PutRolePolicy")
        item = self._get(name, "PutRolePolicy")
        assert item.arn not in self.sky.untouchable, f"PutRolePolicy on what is not ours: {name}"
        item.described[policy_name] = policy
        self.sky.after("PutRolePolicy")

    async def delete_role(self, name: str, policy_name: str) -> None:
        self.sky.write("DeleteRole")
        self.sky.drop(self._get(name, "DeleteRole").arn, "DeleteRole")
        self.sky.after("DeleteRole")

    async def tag_role(self, name: str, tags: Mapping[str, str]) -> None:
        self.sky.write("TagRole")
        item = self._get(name, "TagRole")
        assert item.arn not in self.sky.untouchable, f"TagRole on what is not ours: {name}"
        item.tags.update(tags)
        self.sky.after("TagRole")

    async def untag_role(self, name: str, keys: Sequence[str]) -> None:
        self.sky.write("UntagRole")
        item = self._get(name, "UntagRole")
        item.tags = {key: value for key, value in item.tags.items() if key not in keys}
        self.sky.after("UntagRole")

    def _get(self, name: str, operation: str) -> Item:
        item = self.sky.role(name)
        if item is None:
            raise error(FailureKind.NOT_FOUND, operation)
        return item


@dataclass
class Tagging:
    """The tagging API: it shows what is made some time later."""

    sky: Sky

    async def find(self, tags: Mapping[str, str]) -> Mapping[str, Mapping[str, str]]:
        self.sky.on_read("GetResources")
        shown = [item for kind in ("task", "location") for item in self.sky.of(kind)]
        known = (item for item in shown if self.sky.is_shown(item.arn))
        return {item.arn: dict(item.tags) for item in known if tags.items() <= item.tags.items()}

    async def find_all(self, key: str | None = None) -> Mapping[str, Mapping[str, str]]:
        found = await self.find({})
        return {arn: tags for arn, tags in found.items() if key is None or key in tags}


class Logs:
    """CloudWatch Logs, which lets DataSync write to every log group."""

    async def resource_policies(self) -> Sequence[str]:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": "datasync.amazonaws.com"},
            "Action": "logs:*",
            "Resource": "*",
        }
        return [json.dumps({"Statement": [statement]})]


class Sts:
    """Who we are does not matter here."""

    async def caller_identity(self) -> tuple[str, str]:
        return ACCOUNT_ID, f"arn:aws:iam::{ACCOUNT_ID}:user/operator"
