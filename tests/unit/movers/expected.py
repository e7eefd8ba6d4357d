"""What AWS and the status look like when a mover is as declared, said without the planner's own comparisons."""

from __future__ import annotations

from datamover_crds import Location, dump
from datamover_crds.contract import NONCE_TAG, UID_TAG
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, SIDES, Side
from tests.unit.movers.lives import TAG_KEYS
from tests.unit.movers.sky import DEFAULTS, Item
from tests.unit.movers.world import World

EFS_DEFAULTS = {"accessPointArn": None, "fileSystemAccessRoleArn": None, "inTransitEncryption": "NONE"}


def check_declared(world: World) -> None:
    """Assert that everything is there, as declared and named in the status, and nothing else of ours."""
    mover, sky = world.mover, world.sky
    status, spec = mover.status, mover.spec
    assert status.bookkeeping.intent is None
    assert status.observed_generation == mover.metadata.generation
    assert status.task_arn is not None
    task = sky.items[status.task_arn]
    _check_task(world, task)
    arns = {"source": status.source_location_arn, "destination": status.destination_location_arn}
    roles = {"source": status.source_role_arn, "destination": status.destination_role_arn}
    for side in SIDES:
        arn = arns[side]
        assert arn is not None
        assert task.described[f"{side}LocationArn"] == arn
        location = spec.source if side == "source" else spec.destination
        _check_location(world, side, location, sky.items[arn], roles[side])
    named = {status.task_arn, *arns.values(), *roles.values(), *(item.arn for item in status.bookkeeping.retired)}
    ours = {item.arn for item in made_by(world, world.uid)}
    assert ours <= named, "nothing of ours is left over"
    kept = {item.arn for item in tagged_by(world, world.uid) if _is_shared(world, item.arn)}
    assert {item.arn for item in status.bookkeeping.retired} <= kept
    for arn in ours - {item.arn for item in status.bookkeeping.retired}:
        _check_tags(world, sky.items[arn])


def tagged_by(world: World, uid: str) -> list[Item]:
    """What a mover has made."""
    return [item for item in world.sky.items.values() if item.tags.get(UID_TAG) == uid and NONCE_TAG in item.tags]


def made_by(world: World, uid: str) -> list[Item]:
    """What a mover must know that it has made: a role by a name of the user's may be forgotten with the status."""
    made = tagged_by(world, uid)
    return [item for item in made if not (world.wiped and ":role/" in item.arn and "/dm-" not in item.arn)]


def _check_task(world: World, task: Item) -> None:
    spec, described = world.mover.spec, task.described
    assert described["name"] == (spec.name or world.mover.metadata.name)
    options = described["options"]
    assert isinstance(options, dict)
    declared = dump(spec.options)
    assert options["verifyMode"] == declared.get("verifyMode", DEFAULTS["verifyMode"])
    assert "logLevel" not in declared or options["logLevel"] == declared["logLevel"]
    for field, rules in (("includes", spec.includes), ("excludes", spec.excludes)):
        assert described[field] == [{"filterType": "SIMPLE_PATTERN", "value": rule.value} for rule in rules or ()]
    schedule = described.get("schedule")
    if spec.schedule is None:
        assert schedule is None
    else:
        assert isinstance(schedule, dict)
        assert schedule["scheduleExpression"] == spec.schedule.schedule_expression
        by_service = "scheduleDetails" in described
        is_off = spec.suspend or spec.schedule.status == "DISABLED" or by_service
        assert schedule["status"] == ("DISABLED" if is_off else "ENABLED")


def _check_location(world: World, side: Side, location: Location, item: Item, role_arn: str | None) -> None:
    described = item.described
    if location.s3 is not None:
        inner = (location.s3.subdirectory or "").strip("/")
        bucket = location.s3.s3_bucket_arn.split(":::")[1]
        assert described["locationUri"] == f"s3://{bucket}/{inner}/".replace("//", "/").replace("s3:/", "s3://")
        assert described["s3Config"] == {"bucketAccessRoleArn": role_arn}
        assert described["s3StorageClass"] == (location.s3.s3_storage_class or "STANDARD")
        _check_role(world, side, location, role_arn)
    if location.efs is not None:
        inner = (location.efs.subdirectory or "").strip("/")
        identifier = location.efs.efs_filesystem_arn.rsplit("/", 1)[-1]
        uri = f"efs://eu-central-1.{identifier}/{inner}/"
        assert described["locationUri"] == (uri if inner else uri[:-1])
        assert described["ec2Config"] == dump(location.efs.ec2_config)
        for name, default in EFS_DEFAULTS.items():
            assert (described.get(name) or default) == dump(location.efs).get(name, default)
        assert role_arn is None


def _check_role(world: World, side: Side, location: Location, role_arn: str | None) -> None:
    assert location.s3 is not None
    assert role_arn is not None
    named = location.s3.access_role
    if named is not None and named.arn is not None:
        assert role_arn == named.arn
        return
    role = world.sky.items[role_arn]
    assert f"{side}Role" in world.mover.status.bookkeeping.owned
    policy = role.described[ROLE_POLICY_NAME]
    assert isinstance(policy, dict)
    statements = policy["Statement"]
    assert isinstance(statements, list)
    actions = [
        action
        for each in statements
        if isinstance(each, dict) and str(each["Resource"]).startswith(location.s3.s3_bucket_arn)
        for action in (each["Action"] if isinstance(each["Action"], list) else [])
    ]
    assert ("s3:GetObject" if side == "source" else "s3:PutObject") in actions
    name = role_arn.rsplit("/", 1)[-1].lower()
    assert named is None or named.name is None or name.startswith(named.name.lower())


def _check_tags(world: World, item: Item) -> None:
    declared = {tag.key: tag.value for tag in world.mover.spec.tags or ()}
    assert {key: value for key, value in item.tags.items() if key in TAG_KEYS} == declared


def _is_shared(world: World, arn: str) -> bool:
    return any(other["status"] == {"sourceRoleArn": arn} for other in world.others)
