"""A new type of location needs nothing outside the registry: this one is in memory alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import pytest

from datamover_api.legacy.documents import location_document
from datamover_crds import DataMover, DataMoverAccount, InvalidObject, JsonObject, dump, parse
from datamover_crds.locations.reference import reference
from datamover_crds.schema import structural_schema
from datamover_operator.aws.calls import Channel
from datamover_operator.aws.datasync import BotoDataSync
from datamover_operator.importing.translation import LegacyMover, adopting_mover
from tests.support.new_location_type import TapeLibraryLocation, registered
from tests.support.specs import ROLE, JsonDict, mover, s3
from tests.unit.movers.given import DRIFT, Spec, spec, told
from tests.unit.movers.world import World

TAPE: JsonDict = {"tapeLibrary": {"library": "attic", "subdirectory": "1999", "speed": "FAST", "readerArn": ROLE}}
URI = "tape://attic/1999/"


@pytest.fixture(autouse=True)
def _with_tapes() -> Iterator[None]:
    with registered(TapeLibraryLocation):
        yield


def tape(**members: object) -> JsonDict:
    return {"tapeLibrary": TAPE["tapeLibrary"] | members}


def moving(**members: object) -> Spec:
    return spec(source=tape(**members))


def test_it_is_in_the_schema_and_the_model() -> None:
    members = structural_schema(DataMover)["properties"]["spec"]["properties"]["source"]
    assert members["properties"]["tapeLibrary"]["required"] == ["library"]
    (rule,) = members["x-kubernetes-validations"]
    assert "has(self.tapeLibrary)" in rule["rule"]
    taken = parse(DataMover, mover(source=TAPE))
    assert taken.spec.source.declared.uri == URI
    assert dump(taken.spec)["source"] == TAPE
    with pytest.raises(InvalidObject, match=r"must set exactly one type of location: .*, tapeLibrary, or"):
        parse(DataMover, mover(source=TAPE | s3()))


def test_it_lives_from_creation_to_deletion() -> None:
    with World(moving()) as world:
        assert world.settle() == "Ready"
        (made,) = (item for item in world.sky.of("location") if item.described["locationUri"] == URI)
        assert made.described["speed"] == "FAST"

        made.described["locationUri"] = "tape://attic/elsewhere/"
        world.pass_time(DRIFT)
        assert world.settle() == "Ready"
        assert made.described["locationUri"] == URI

        world.change(moving(subdirectory="/2001", speed=None))
        assert world.settle() == "Ready"
        assert (made.described["locationUri"], made.described["speed"]) == ("tape://attic/2001/", "SLOW")

        world.change(moving(library="cellar"))
        assert world.settle() == "Ready"
        assert made.arn not in world.sky.items
        assert len(world.sky.of("location")) == 2

        world.delete()
        assert world.settle() == "Gone"
        assert (world.sky.of("task"), world.sky.of("location")) == ([], [])


def test_it_takes_anothers_place_and_is_found_again_without_a_status() -> None:
    with World(spec()) as world:
        world.settle()
        world.change(moving())
        assert world.settle() == "Ready"
        world.wipe_status()
        world.change(spec())
        assert world.settle() == "Ready"
        assert len(world.sky.of("location")) == 2


@pytest.mark.parametrize(
    ("grant", "field"),
    [
        ({"locations": ["s3://*"], "roleArns": ["*"]}, "spec.source"),
        ({"locations": ["s3://*", "tape://*"]}, "spec.source.tapeLibrary.readerArn"),
    ],
)
def test_it_needs_its_grants(grant: JsonObject, field: str) -> None:
    with World(moving(), grants=[{"namespaces": ["*"], **grant}]) as world:
        assert world.settle() == "Stalled"
        assert str(told(world, "Stalled")["message"]).startswith(f"{field}: ")


def test_its_mistakes_are_told() -> None:
    with World(moving(readerArn="arn:aws:iam::1:role/x")) as world:
        assert world.settle() == "Stalled"
        assert str(told(world, "Stalled")["message"]).startswith("spec.source.tapeLibrary.readerArn: ")


def test_it_can_be_imported_and_is_shown_by_rest() -> None:
    described: JsonObject = {"locationUri": URI, "speed": "FAST", "creationTime": "2026-01-31T12:00:00.500Z"}
    tags = {"spinup:spaceid": "abc"}
    arn = "arn:aws:datasync:us-east-1:123456789012:task/task-0ee229c003ef4f0b8"
    account = parse(
        DataMoverAccount,
        {
            "metadata": {"name": "old"},
            "spec": {"accountId": "123456789012", "region": "us-east-1", "rest": {"namespace": "n"}},
        },
    )
    legacy = LegacyMover({"taskArn": arn, "name": "m"}, tags, {"source": described, "destination": described})
    imported = cast("JsonDict", adopting_mover(legacy, account)[0]["spec"])
    assert imported["source"] == {"tapeLibrary": {"library": "attic", "subdirectory": "/1999/", "speed": "FAST"}}
    assert location_document(described) == {
        "Type": "TAPELIBRARY",
        "TAPELIBRARY": {"LocationUri": URI, "Speed": "FAST", "CreationTime": "2026-01-31T12:00:00.5Z"},
    }


async def test_its_operations_are_called_by_their_names() -> None:
    called: list[str] = []

    class Recorder:
        async def call(self, _service: str, operation: str, _request: Mapping[str, object]) -> dict[str, object]:
            called.append(operation)
            return {"LocationArn": "arn"}

    datasync = BotoDataSync(cast("Channel", Recorder()))
    await datasync.create_location("tapeLibrary", {})
    await datasync.describe_location("tapeLibrary", "arn")
    await datasync.update_location("tapeLibrary", "arn", {})
    assert called == ["CreateLocationTapeLibrary", "DescribeLocationTapeLibrary", "UpdateLocationTapeLibrary"]


def test_it_is_in_the_reference() -> None:
    assert "## tapeLibrary" in reference()
