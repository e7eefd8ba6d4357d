"""A type of location that there is in memory alone: nothing but the registry knows of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, ClassVar

from pydantic.fields import FieldInfo

from datamover_crds import LOCATIONS, DataMover, DataMoverSpec, JsonObject, Location, LocationType, Realm
from datamover_crds.locations import exactly_one_of
from datamover_crds.locations.marks import ArnOf, Updatable, members_of
from datamover_crds.locations.uris import address_of, folder


class TapeLibraryLocation(LocationType):
    """A tape library, which DataSync has not."""

    operation: ClassVar = "TapeLibrary"
    schemes: ClassVar = ("tape",)
    attributes: ClassVar = "posix"

    library: str
    """The library."""
    subdirectory: Annotated[str | None, Updatable()] = None
    """The folder in it."""
    speed: Annotated[str | None, Updatable("SLOW")] = None
    """How fast the tape runs."""
    reader_arn: Annotated[str | None, ArnOf("role")] = None
    """The ARN of the role that reads it."""

    @property
    def uri(self) -> str:
        """`tape://library/folder/`."""
        return f"tape://{self.library}{folder(self.subdirectory)}"

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:
        """The library and the folder."""
        library, inner = address_of(uri)
        return {"library": library, "subdirectory": inner}


@contextmanager
def registered(new: type[LocationType]) -> Iterator[None]:
    """Add a type to the registry, as its field in `Location` would."""
    field = FieldInfo.from_annotated_attribute(new | None, None)  # type: ignore[arg-type]  # a union is one, too
    name = new.type_name()
    field.alias = field.validation_alias = field.serialization_alias = name
    Location.model_fields[name] = field
    LOCATIONS[name] = new
    try:
        _rebuild()
        yield
    finally:
        del Location.model_fields[name], LOCATIONS[name]
        _rebuild()


def _rebuild() -> None:
    Location.rules = (exactly_one_of(LOCATIONS),)
    members_of.cache_clear()
    for model in (Location, DataMoverSpec, DataMover):
        model.model_rebuild(force=True)
