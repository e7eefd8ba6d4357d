"""What changes in AWS behind the operator's back shows in pages read in bulk; steady movers cost nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.emulator import Json
from tests.support.movers import World
from tests.support.operator_process import Operators
from tests.support.waiting import eventually


@pytest.fixture
def ready(world: World, operator: Operators) -> World:
    """A world with a Ready mover `m`, whose account is read in bulk every second and described nearly never."""
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    operator(bulk_interval_seconds=1, drift_interval_seconds=86400)
    world.s3_mover(tags=[{"key": "team", "value": "data"}])
    world.wait_ready()
    return world


def status(world: World) -> Json:
    found = world.get("DataMover", "m")
    assert found is not None
    its: Json = found["status"]
    return its


def tags(world: World, arn: str) -> dict[str, str]:
    listed = world.aws("datasync").list_tags_for_resource(ResourceArn=arn)["Tags"]
    return {each["Key"]: each["Value"] for each in listed}


@pytest.mark.parametrize("part", ["taskArn", "sourceLocationArn"])
def test_a_tag_that_somebody_changed_is_put_right(ready: World, part: str) -> None:
    arn = status(ready)[part]
    ready.aws("datasync").tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "others"}])
    eventually(lambda: tags(ready, arn)["team"] == "data", what="the declared tag is back")


def test_a_location_that_somebody_moved_is_put_right(ready: World) -> None:
    arn, datasync = status(ready)["sourceLocationArn"], ready.aws("datasync")
    uri = datasync.describe_location_s3(LocationArn=arn)["LocationUri"]
    datasync.update_location_s3(LocationArn=arn, Subdirectory="/elsewhere")
    eventually(lambda: datasync.describe_location_s3(LocationArn=arn)["LocationUri"] == uri, what="as declared again")


def test_what_lost_its_owner_is_counted_and_told(world: World, operator: Operators, kubeconfig: Path) -> None:
    """Somebody took the finalizer off by hand while the operator was away: task and locations stay in AWS."""
    for bucket in ("src", "dst"):
        world.bucket(bucket)
    world.grant_all()
    running = operator()
    world.s3_mover()
    task = world.wait_ready()["status"]["taskArn"]
    running.terminate()
    world.patch("DataMover", "m", {"metadata": {"finalizers": []}})
    world.delete("DataMover", "m")
    eventually(lambda: world.get("DataMover", "m") is None, what="the object is gone")
    operator(bulk_interval_seconds=1, kubeconfig=kubeconfig)  # Events on accounts are in namespace default

    eventually(lambda: counted(world) == 5, what="task, locations and roles are counted")
    eventually(lambda: any(task in note for note in world.account_notes("OrphansFound")), what="an Event names them")
    datasync = world.aws("datasync")
    datasync.delete_task(TaskArn=task)
    for location in datasync.list_locations()["Locations"]:
        datasync.delete_location(LocationArn=location["LocationArn"])
    eventually(lambda: counted(world) == 2, what="the roles are left")
    world.patch("DataMoverAccount", world.account, {"spec": {"orphans": "Delete"}})
    eventually(lambda: world.leftovers()["roles"] == [], what="the account says that they are to be deleted")
    eventually(lambda: not counted(world), what="nothing is left to count")


@pytest.mark.parametrize("orphans", ["Delete", "Report"])
def test_what_lost_its_owner_is_deleted_where_the_account_says_so_and_what_was_left_on_purpose_is_not(
    world: World, operator: Operators, orphans: str
) -> None:
    """Retain leaves a task with its locations, `existingLocationArn` a location, though the mover has made it."""
    for bucket in ("src", "dst", "dst2"):
        world.bucket(bucket)
    world.grant_all(orphans=orphans)
    running = operator()
    world.s3_mover()
    world.s3_mover("kept", destination="dst2", deletionPolicy="Retain")
    world.s3_mover("lent", destination="dst2")
    lost, kept = world.wait_ready()["status"]["taskArn"], world.wait_ready("kept")["status"]["taskArn"]
    lent = world.wait_ready("lent")["status"]["sourceLocationArn"]
    lost_roles, kept_roles = role_names(world, "m"), role_names(world, "kept")
    world.patch("DataMover", "lent", {"spec": {"source": {"s3": None, "existingLocationArn": lent}}})
    world.wait_ready("lent")
    for name in ("kept", "lent"):
        world.delete("DataMover", name)
        world.wait_gone("DataMover", name)
    running.terminate()
    world.patch("DataMover", "m", {"metadata": {"finalizers": []}})
    world.delete("DataMover", "m")
    world.wait_gone("DataMover", "m")
    operator(bulk_interval_seconds=1)
    if orphans == "Delete":
        eventually(lambda: world.leftovers()["tasks"] == [kept], what="the task is deleted")
        eventually(lambda: len(world.leftovers()["locations"]) == 3, what="its locations, too")
        eventually(lambda: lost_roles.isdisjoint(world.leftovers()["roles"]), what="its roles, too")
        assert kept_roles <= set(world.leftovers()["roles"])
        eventually(lambda: not counted(world), what="nothing is left to count")
    else:
        assert lost_roles | kept_roles <= set(world.leftovers()["roles"])
        eventually(lambda: counted(world) == 5, what="what is left of m, and of m alone")
        assert set(world.leftovers()["tasks"]) == {lost, kept}
    assert lent in world.leftovers()["locations"]
    world.s3_mover("kept", destination="dst2", adopt={"taskArn": kept, "own": True})
    assert world.wait_ready("kept")["status"]["taskArn"] == kept
    assert tags(world, kept)["datamover.io/part"] == "task"


def role_names(world: World, mover: str) -> set[str]:
    found = world.wait_ready(mover)["status"]
    return {str(found[f"{side}RoleArn"]).rsplit("/", 1)[-1] for side in ("source", "destination")}


def counted(world: World) -> object:
    account = world.get("DataMoverAccount", world.account)
    return account is not None and account.get("status", {}).get("orphans")


def test_movers_at_rest_cost_pages_alone(ready: World) -> None:
    """However long it takes, only listings reach AWS."""
    made = ready.emulator.journal()[-1]["seq"]
    eventually(lambda: ready.calls(since=made).count("GetResources") >= 3, what="what is new has been looked at")
    before = ready.emulator.journal()[-1]["seq"]
    eventually(lambda: ready.calls(since=before).count("GetResources") >= 3, what="three readings")
    calls = ready.calls(since=before)
    assert set(calls) <= {"GetResources", "ListLocations", "ListRoles", "ListTaskExecutions", "ListTasks"}, calls
