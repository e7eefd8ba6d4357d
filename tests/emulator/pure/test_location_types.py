"""The registry of location types: a new type is a module and an entry, and nothing else tells types apart."""

from __future__ import annotations

import ast
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import ClassVar, Self

import datasync_emulator
from datasync_emulator.catalogue.location_operations import Locations
from datasync_emulator.catalogue.locations import LOCATION_TYPES, LocationSpec
from datasync_emulator.catalogue.locations.spec import Metadata
from datasync_emulator.catalogue.locations.storage import Folder
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.messages import Caller, JsonObject

SOURCES = Path(datasync_emulator.__file__).parent
CALLER = Caller("111122223333", "eu-central-1", datetime(2024, 1, 1, tzinfo=UTC))


@dataclass(frozen=True)
class Tape(LocationSpec):
    """A type that DataSync does not have."""

    operation: ClassVar[str] = "Tape"
    title: ClassVar[str] = "Tape library"

    label: str

    @classmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        return cls(params["Label"])

    def update(self, params: JsonObject) -> Self:
        return replace(self, label=params["Label"])

    def describe(self, arn: str) -> JsonObject:
        return {"Label": self.label}

    @property
    def filter_value(self) -> str:
        return "TAPE"

    @property
    def uri(self) -> str:
        return f"tape://{self.label}/"

    @property
    def storage(self) -> Folder:
        return Folder(PurePosixPath("tape", self.label), "/")

    @property
    def metadata(self) -> Metadata:
        return Metadata.POSIX


def test_a_new_type_needs_no_more_than_its_entry() -> None:
    numbers = itertools.count(1)
    locations = Locations(Catalogue(lambda digits: f"{next(numbers):0{digits}x}"), lambda *_: None, [Tape])
    call = locations.handlers()
    arn = call["CreateLocationTape"](CALLER, {"Label": "a"})["LocationArn"]
    call["UpdateLocationTape"](CALLER, {"LocationArn": arn, "Label": "b"})
    described = call["DescribeLocationTape"](CALLER, {"LocationArn": arn})
    assert (described["Label"], described["LocationUri"]) == ("b", "tape://b/")
    chosen = [{"Name": "LocationType", "Operator": "Equals", "Values": ["TAPE"]}]
    listed = call["ListLocations"](CALLER, {"Filters": chosen})["Locations"]
    assert listed == [{"LocationArn": arn, "LocationUri": "tape://b/"}]
    call["DeleteLocation"](CALLER, {"LocationArn": arn})
    assert call["ListLocations"](CALLER, {})["Locations"] == []


def test_only_the_registry_knows_the_types_modules() -> None:
    modules = {kind.__module__ for kind in LOCATION_TYPES}
    importers = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module in modules
    }
    assert importers == {"catalogue/locations/__init__.py"}


def test_types_are_told_apart_by_name() -> None:
    assert len({kind.operation for kind in LOCATION_TYPES}) == len(LOCATION_TYPES)
