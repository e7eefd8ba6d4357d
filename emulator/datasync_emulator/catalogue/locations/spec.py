"""What every location type answers: how it is created, updated and described, and where its data is. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import ClassVar, Final, Self

from datasync_emulator.catalogue.locations.storage import Storage
from datasync_emulator.dataplane.model import Metadata
from datasync_emulator.messages import Caller, JsonObject

BASIC_ONLY: Final = frozenset({"BASIC"})
BOTH_MODES: Final = frozenset({"BASIC", "ENHANCED"})
ENHANCED_ONLY: Final = frozenset({"ENHANCED"})


__all__ = ["BASIC_ONLY", "BOTH_MODES", "ENHANCED_ONLY", "LocationSpec", "Metadata", "Site"]


class Site(Enum):
    """Who runs a storage system, which decides what it can be paired with."""

    AWS = "AWS storage in a Region"
    OUTPOST = "S3 on Outposts"
    SELF_MANAGED = "storage of one's own, reached through an agent"
    OTHER_CLOUD = "object storage or another cloud's, reached with or without an agent"


class LocationSpec(ABC):
    """One location's settings. Frozen: an update makes another spec."""

    operation: ClassVar[str]
    """The type's name in its operations, such as S3 in CreateLocationS3."""
    title: ClassVar[str]
    """The type's name in reports, such as Amazon S3."""
    keeps_devices: ClassVar[bool] = True
    """Whether PreserveDevices PRESERVE is allowed."""

    @classmethod
    @abstractmethod
    def create(cls, caller: Caller, params: JsonObject) -> Self:
        """Read the parameters of the type's create operation.

        Raises:
            ApiError: InvalidRequestException for what DataSync refuses although the service model allows it.
        """

    @abstractmethod
    def update(self, params: JsonObject) -> Self:
        """Apply the parameters of the type's update operation; what is absent stays as it is.

        Raises:
            ApiError: as for `create`.
        """

    @abstractmethod
    def describe(self, arn: str) -> JsonObject:
        """Give the members that only this type's describe operation has; None stands for an absent one.

        `arn` is the location's. Secrets are never part of it.
        """

    @property
    @abstractmethod
    def filter_value(self) -> str:
        """The type's name in ListLocations' filter LocationType."""

    @property
    @abstractmethod
    def uri(self) -> str:
        """The LocationUri."""

    @property
    @abstractmethod
    def storage(self) -> Storage:
        """Where the data is."""

    @property
    @abstractmethod
    def metadata(self) -> Metadata:
        """The kind of metadata that the storage keeps."""

    @property
    def site(self) -> Site:
        """Who runs the storage system."""
        return Site.AWS

    @property
    def modes(self) -> frozenset[str]:
        """The task modes that can use it."""
        return BASIC_ONLY

    @property
    def agent_arns(self) -> tuple[str, ...]:
        """The agents that reach it."""
        return ()

    @property
    def archives(self) -> bool:
        """Whether new objects can't be read without being restored first."""
        return False
