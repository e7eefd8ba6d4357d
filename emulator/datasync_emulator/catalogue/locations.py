"""The operations on locations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from datasync_emulator.catalogue.filters import matcher
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.places import efs_place, s3_place, updated_efs, updated_s3
from datasync_emulator.catalogue.records import EfsPlace, Location, Place, S3Place
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject

AccessCheck = Callable[[Caller, Place], None]
"""Raises ApiError where DataSync could not reach a place."""


@dataclass(frozen=True)
class Locations:
    """Creates, describes, updates, deletes and lists locations."""

    catalogue: Catalogue
    check_access: AccessCheck

    def create_s3(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CreateLocationS3."""
        return self._create(caller, s3_place(params), params.get("Tags", []))

    def create_efs(self, caller: Caller, params: JsonObject) -> JsonObject:
        """CreateLocationEfs."""
        return self._create(caller, efs_place(params), params.get("Tags", []))

    def describe_s3(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeLocationS3."""
        location, place = self._find_s3(caller, params["LocationArn"])
        return _common(location) | {
            "S3StorageClass": place.storage_class,
            "S3Config": {"BucketAccessRoleArn": place.role_arn},
            "AgentArns": list(place.agent_arns) or None,
        }

    def describe_efs(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DescribeLocationEfs."""
        location, place = self._find_efs(caller, params["LocationArn"])
        return _common(location) | {
            "Ec2Config": place.ec2_config,
            "AccessPointArn": place.access_point_arn,
            "FileSystemAccessRoleArn": place.role_arn,
            "InTransitEncryption": place.encryption,
        }

    def update_s3(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateLocationS3."""
        with self.catalogue.lock:
            location, place = self._find_s3(caller, params["LocationArn"])
            self._replace(caller, location, updated_s3(place, params))
        return {}

    def update_efs(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UpdateLocationEfs."""
        with self.catalogue.lock:
            location, place = self._find_efs(caller, params["LocationArn"])
            self._replace(caller, location, updated_efs(place, params))
        return {}

    def delete(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DeleteLocation; refused while a task uses it."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            location = realm.location(params["LocationArn"])
            users = [
                task.arn for task in realm.tasks.values() if location.arn in (task.source_arn, task.destination_arn)
            ]
            if users:
                name = location.arn.rpartition("/")[2]
                raise invalid_request(f"Location {name} is in use by {', '.join(users)}: delete the task first.")
            del realm.locations[location.arn]
            del realm.tags[location.arn]
        return {}

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListLocations."""
        matches = matcher(params.get("Filters", []))
        with self.catalogue.lock:
            found = [
                location
                for location in self.catalogue.realm(caller).locations.values()
                if caller.sees(location.created) and matches(_attributes(location))
            ]
        shown, token = page(found, lambda location: location.serial, params)
        entries = [{"LocationArn": location.arn, "LocationUri": location.place.uri} for location in shown]
        return {"Locations": entries, "NextToken": token}

    def _create(self, caller: Caller, place: Place, tags: list[JsonObject]) -> JsonObject:
        named = tag_map(tags)
        self.check_access(caller, place)
        with self.catalogue.lock:
            arn = self.catalogue.new_arn(caller, "location", "loc")
            realm = self.catalogue.realm(caller)
            realm.locations[arn] = Location(arn, self.catalogue.serial(), caller.now, place)
            realm.tags[arn] = named
        return {"LocationArn": arn}

    def _replace(self, caller: Caller, location: Location, place: Place) -> None:
        self.check_access(caller, place)
        self.catalogue.realm(caller).locations[location.arn] = replace(location, place=place)

    def _find_s3(self, caller: Caller, arn: str) -> tuple[Location, S3Place]:
        location = self.catalogue.realm(caller).location(arn)
        if not isinstance(location.place, S3Place):
            raise _wrong_type(location, "S3")
        return location, location.place

    def _find_efs(self, caller: Caller, arn: str) -> tuple[Location, EfsPlace]:
        location = self.catalogue.realm(caller).location(arn)
        if not isinstance(location.place, EfsPlace):
            raise _wrong_type(location, "EFS")
        return location, location.place


def _common(location: Location) -> JsonObject:
    return {"LocationArn": location.arn, "LocationUri": location.place.uri, "CreationTime": location.created}


def _attributes(location: Location) -> dict[str, object]:
    return {
        "LocationUri": location.place.uri,
        "LocationType": location.type_name,
        "CreationTime": location.created,
    }


def _wrong_type(location: Location, wanted: str) -> Exception:
    name = location.arn.rpartition("/")[2]
    return invalid_request(f"Invalid Location type: {name} is of type {location.type_name}, not {wanted}.")
