"""What every location type answers: how it is created, updated and described, and where its data is. Pure."""

from __future__ import annotations

from abc import ABC, abstractmethod
from enum import Enum
from typing import ClassVar, Self

from datasync_emulator.catalogue.locations.storage import Storage
from datasync_emulator.messages import Caller, JsonObject


class Metadata(Enum):
    """The kind of metadata that a storage system keeps with its data."""

    POSIX = "owner, group, permissions and times"
    OBJECT = "user-defined metadata and tags"


class LocationSpec(ABC):
    """One location's settings. Frozen: an update makes another spec."""

    operation: ClassVar[str]
    """The type's name in its operations, such as S3 in CreateLocationS3."""
    filter_value: ClassVar[str]
    """The type's name in ListLocations' filter LocationType."""

    enhanced: ClassVar[bool] = False
    """Whether a task in Enhanced mode can use it."""
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
    def describe(self) -> JsonObject:
        """Give the members that only this type's describe operation has; None stands for an absent one."""

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
    def archives(self) -> bool:
        """Whether new objects can't be read without being restored first."""
        return False
