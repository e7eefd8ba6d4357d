"""What may happen to a mover, as hypothesis finds it: specs, drift behind our back, faults, restarts, other people."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from hypothesis import strategies as st

from datamover_common.kube.errors import KubeError
from datamover_crds import JsonObject
from datamover_crds.contract import NONCE_TAG, OWNER_TAG, PART_TAG, UID_TAG
from datamover_operator.aws.failure import FailureKind
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME
from tests.support.specs import ACCESS_POINT, FILE_SYSTEM, NETWORK, ROLE, efs, s3
from tests.unit.movers.sky import CrashError, Item, error
from tests.unit.movers.world import OWNER, World

Spec = dict[str, Any]
Fault = tuple[int, str, str]
STATUS_PARTS = (
    "taskArn",
    "sourceLocationArn",
    "destinationLocationArn",
    "sourceRoleArn",
    "destinationRoleArn",
    "owned",
    "conditions",
    "observedGeneration",
)
TAG_KEYS = ("team", "stage")
OTHER_ROLE = "arn:aws:iam::111122223333:role/other"


def _some(**members: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=members)


_SUBDIRECTORIES = st.sampled_from(("/", "x", "/x/y/"))
_ACCESS_ROLES = st.sampled_from(
    ({"arn": ROLE}, {"arn": OTHER_ROLE}, {"name": "r"}, {"name": "R"}, {"name": "r", "path": "/p/"}, {"name": "q"})
)
S3 = _some(
    s3BucketArn=st.sampled_from(("arn:aws:s3:::from", "arn:aws:s3:::to")),
    subdirectory=_SUBDIRECTORIES,
    s3StorageClass=st.sampled_from(("STANDARD", "STANDARD_IA")),
    accessRole=_ACCESS_ROLES,
).map(lambda members: s3(**members))
_NEED_TLS = {"accessPointArn", "fileSystemAccessRoleArn"}
EFS = (
    _some(
        efsFilesystemArn=st.sampled_from((FILE_SYSTEM, FILE_SYSTEM[:-1] + "1")),
        subdirectory=_SUBDIRECTORIES,
        ec2Config=st.just(NETWORK | {"securityGroupArns": [NETWORK["securityGroupArns"][0][:-1] + "1"]}),
        accessPointArn=st.just(ACCESS_POINT),
        fileSystemAccessRoleArn=st.just(ROLE),
    )
    .map(lambda members: members | ({"inTransitEncryption": "TLS1_2"} if _NEED_TLS & members.keys() else {}))
    .map(lambda members: efs(**members))
)
LOCATIONS: st.SearchStrategy[Spec] = st.one_of(S3, S3, EFS)
SPECS: st.SearchStrategy[Spec] = st.fixed_dictionaries(
    {
        "accountRef": st.just({"name": "dev"}),
        "source": LOCATIONS,
        "destination": LOCATIONS,
        "allowOverlap": st.just(value=True),
    },
    optional={
        "name": st.sampled_from(("one", "two")),
        "tags": st.lists(
            st.fixed_dictionaries({"key": st.sampled_from(TAG_KEYS), "value": st.sampled_from("ab")}),
            max_size=2,
            unique_by=lambda tag: tag["key"],
        ),
        "options": _some(
            verifyMode=st.sampled_from(("NONE", "POINT_IN_TIME_CONSISTENT")),
            logLevel=st.sampled_from(("OFF", "BASIC")),
        ),
        "includes": st.just([{"value": "/a*"}]),
        "excludes": st.sampled_from(([], [{"value": "*.tmp"}])),
        "schedule": st.sampled_from(
            (
                {"scheduleExpression": "rate(1 day)"},
                {"scheduleExpression": "cron(0 4 * * ? *)", "status": "DISABLED"},
            )
        ),
        "trigger": st.sampled_from(({"manual": "one"}, {"manual": "two"})),
        "suspend": st.booleans(),
    },
).filter(lambda spec: not _has_two_paths(spec))


def _has_two_paths(spec: Spec) -> bool:
    roles = [spec[side].get("s3", {}).get("accessRole", {}) for side in ("source", "destination")]
    return len({role.get("path") for role in roles if role.get("name") == "r" and "path" in role}) > 1


# what happens


@dataclass(frozen=True)
class Deed:
    """Something that happens, by a name that tells it in a report."""

    name: str
    do: Callable[[World], None]

    def __repr__(self) -> str:
        return self.name


def change(spec: Spec) -> Deed:
    return Deed(f"change({spec})", lambda world: world.change(spec))


def _items(world: World, kind: str) -> list[Item]:
    """Those that the mover made and nobody else uses."""
    return [item for item in world.sky.of(kind) if NONCE_TAG in item.tags and item.arn not in world.sky.untouchable]


def vanish(kind: str) -> Deed:
    """Somebody deletes one, and does not ask whether it is in use."""

    def do(world: World) -> None:
        for item in _items(world, kind)[:1]:
            if kind != "task" or not world.sky.is_running(item.arn):
                del world.sky.items[item.arn]

    return Deed(f"vanish({kind})", do)


def lose(*fields: str) -> Deed:
    """A part of the status is lost."""

    def do(world: World) -> None:
        world.wiped = True
        world.lose(*fields)

    return Deed(f"lose({fields})", do)


def edit_task(world: World) -> None:
    """Somebody changes a task: its name, an option, and the filter if there is one."""
    for item in _items(world, "task"):
        item.described["name"] = "drifted"
        item.described["options"] = cast("JsonObject", item.described["options"]) | {"logLevel": "TRANSFER"}
        if item.described["includes"]:
            item.described["includes"] = [{"filterType": "SIMPLE_PATTERN", "value": "/z"}]


def edit_role(world: World) -> None:
    """Somebody takes the rights away."""
    for item in _items(world, "role")[:1]:
        item.described[ROLE_POLICY_NAME] = {"Version": "2012-10-17", "Statement": []}


def move(world: World) -> None:
    """Somebody points the locations at another folder, and those in S3 at another role and (if declared) class."""
    for item in _items(world, "location"):
        store = "/".join(str(item.described["locationUri"]).split("/")[:3])
        item.described["locationUri"] = f"{store}/elsewhere/"
        if "s3Config" in item.described:
            item.described["s3Config"] = {"bucketAccessRoleArn": OTHER_ROLE}
            if item.described["s3StorageClass"] != "STANDARD":
                item.described["s3StorageClass"] = "GLACIER"


def untag(world: World) -> None:
    """Somebody takes our tags and the user's off everything, and leaves one of their own; how we find it stays."""
    for kind in ("task", "location", "role"):
        for item in _items(world, kind):
            item.tags = {key: value for key, value in item.tags.items() if key not in TAG_KEYS} | {"cost": "42"}


def disable_schedule(world: World) -> None:
    """DataSync disables the schedule."""
    for item in _items(world, "task"):
        if "schedule" in item.described:
            item.described["schedule"] = cast("JsonObject", item.described["schedule"]) | {"status": "DISABLED"}
            item.described["scheduleDetails"] = {"disabledBy": "SERVICE", "disabledReason": "failed too often"}


def double(kind: str, part: str) -> Deed:
    """A call whose reply was lost long ago turns out to have made something."""

    def do(world: World) -> None:
        tags = {UID_TAG: world.uid, OWNER_TAG: OWNER, PART_TAG: part, NONCE_TAG: "old"}
        where: JsonObject = {"locationUri": "s3://from/"}
        if kind == "location":
            where |= {"s3Config": {"bucketAccessRoleArn": ROLE}, "s3StorageClass": "STANDARD"}
            world.sky.add(kind, where, tags).created -= timedelta(hours=1)
        for item in _items(world, kind)[:1] if kind == "task" else ():
            world.sky.add(kind, dict(item.described), tags).created -= timedelta(hours=1)

    return Deed(f"double({part})", do)


def take_name(world: World) -> None:
    """Somebody else makes roles of the names that a user may give."""
    for name in ("r", "q"):
        if world.sky.role(name) is None:
            world.sky.untouchable.add(world.sky.add_role(name, {}).arn)


def share_roles(world: World) -> None:
    """Another mover's location uses our roles."""
    for role in _items(world, "role")[:1]:
        world.share(role.arn)


def start(world: World) -> None:
    """Somebody starts the task."""
    for item in _items(world, "task")[:1]:
        world.sky.start(item.arn)


def disconnect(world: World) -> None:
    world.connected = False


def connect(world: World) -> None:
    world.connected = True


def lag(world: World) -> None:
    """The tagging API shows nothing that is younger than five minutes."""
    world.sky.lag = timedelta(minutes=5)


def refuse_grants(world: World) -> None:
    world.grant([])


def _any(*deeds: Callable[[World], None]) -> st.SearchStrategy[Deed]:
    return st.sampled_from([Deed(deed.__name__, deed) for deed in deeds])


DEEDS: st.SearchStrategy[Deed] = st.one_of(
    SPECS.map(change),
    st.sampled_from([vanish("task"), vanish("location"), vanish("role")]),
    st.sampled_from([double("location", "source"), double("task", "task")]),
    _any(edit_task, edit_role, move, untag, disable_schedule, take_name),
    _any(start, disconnect, connect, lag, refuse_grants, share_roles),
    st.lists(st.sampled_from(STATUS_PARTS), min_size=1, unique=True).map(lambda fields: lose(*fields)),
    _any(World.restart, World.wipe_status, World.look_closely),
)


# what goes wrong meanwhile


class Faults:
    """Lets the nth calls fail: each of (n, when, what), counted over AWS and Kubernetes together."""

    def __init__(self, plan: Sequence[Fault]) -> None:
        self._plan = {(n, when): what for n, when, what in plan}
        self._count = 0

    @property
    def are_over(self) -> bool:
        """Whether each has happened."""
        return not self._plan

    def on_aws(self, when: str, operation: str) -> None:
        match self._next(when):
            case "crash":
                raise CrashError
            case "lose":
                is_creating = operation.startswith("Create")
                raise error(FailureKind.UNKNOWN_OUTCOME if is_creating else FailureKind.UNAVAILABLE, operation)
            case "refuse" if when == "before":
                raise error(FailureKind.REFUSED, operation)
            case "throttle" if when == "before":
                raise error(FailureKind.THROTTLED, operation)

    def on_kube(self, when: str, operation: str) -> None:
        match self._next(when):
            case "crash":
                raise CrashError
            case "lose" | "refuse" | "throttle" if when == "before":
                raise KubeError(409, "Conflict", "somebody else wrote it")

    def _next(self, when: str) -> str | None:
        self._count += when == "before"
        return self._plan.pop((self._count, when), None)


FAULTS = st.lists(
    st.tuples(
        st.integers(1, 25),
        st.sampled_from(("before", "after")),
        st.sampled_from(("crash", "lose", "refuse", "throttle")),
    ),
    max_size=3,
)
