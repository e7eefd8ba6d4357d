"""A location that somebody else looks after: it is used by a task as it is."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, ClassVar

from datamover_crds.arns import problem_with
from datamover_crds.common import Arn, JsonObject
from datamover_crds.locations.base import LocationType, References
from datamover_crds.locations.marks import ArnOf
from datamover_crds.locations.uris import Realm

FIELD = "existingLocationArn"
"""Its field in a source or a destination."""


class ExistingLocation(LocationType):
    """What `existingLocationArn` declares; of which type it is, only AWS knows."""

    operation: ClassVar = "ExistingLocationArn"
    schemes: ClassVar = ()
    enhanced: ClassVar = "yes"

    location_arn: Annotated[Arn, ArnOf("location")]
    """The ARN."""

    @property
    def uri(self) -> str:
        """The ARN: it leads to the LocationUri."""
        return self.location_arn

    @classmethod
    def located_at(cls, uri: str, realm: Realm) -> JsonObject:  # noqa: ARG003 - AWS shows it as another type
        """Nothing that could be declared."""
        return {}

    def mistake(self, path: str) -> str | None:
        """An ARN that no location has."""
        return problem_with("location", path, self.location_arn)

    def is_at(self, described: JsonObject) -> bool:
        """Whether it is this very location."""
        return described.get("locationArn") == self.location_arn

    def change(
        self,
        described: JsonObject,
        removed: Collection[str],
        references: References,
    ) -> None:
        """It is never changed."""
