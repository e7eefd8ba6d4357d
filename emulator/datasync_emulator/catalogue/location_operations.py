"""The operations on locations, alike for every type."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial

from datasync_emulator.catalogue.filters import matcher
from datasync_emulator.catalogue.locations import LOCATION_TYPES, LocationSpec
from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.records import Location
from datasync_emulator.catalogue.store import Catalogue
from datasync_emulator.catalogue.tags import tag_map
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler

Check = Callable[[Caller, LocationSpec], None]
"""Raises ApiError for a location that DataSync refuses."""


@dataclass(frozen=True)
class Locations:
    """Creates, describes, updates, deletes and lists locations."""

    catalogue: Catalogue
    check: Check
    types: Sequence[type[LocationSpec]] = LOCATION_TYPES

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of every operation on locations, by the operation's name."""
        handlers: dict[str, Handler] = {"DeleteLocation": self.delete, "ListLocations": self.list_all}
        for kind in self.types:
            handlers[f"CreateLocation{kind.operation}"] = partial(self._create, kind)
            handlers[f"DescribeLocation{kind.operation}"] = partial(self._describe, kind)
            handlers[f"UpdateLocation{kind.operation}"] = partial(self._update, kind)
        return handlers

    def delete(self, caller: Caller, params: JsonObject) -> JsonObject:
        """DeleteLocation; refused while a task uses the location."""
        with self.catalogue.lock:
            realm = self.catalogue.realm(caller)
            location = realm.location(params["LocationArn"])
            users = [
                task.arn
                for account, _, each in self.catalogue.realms()
                if account == caller.account
                for task in each.tasks.values()
                if location.arn in (task.source_arn, task.destination_arn)
            ]
            if users:
                raise invalid_request(f"Location {location.id} is in use by {', '.join(users)}: delete the task first.")
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
        entries = [{"LocationArn": location.arn, "LocationUri": location.spec.uri} for location in shown]
        return {"Locations": entries, "NextToken": token}

    def _create(self, kind: type[LocationSpec], caller: Caller, params: JsonObject) -> JsonObject:
        tags = tag_map(params.get("Tags", []))
        spec = kind.create(caller, params)
        self.check(caller, spec)
        with self.catalogue.lock:
            arn = self.catalogue.new_arn(caller, "location", "loc")
            realm = self.catalogue.realm(caller)
            realm.locations[arn] = Location(arn, self.catalogue.serial(), caller.now, spec)
            realm.tags[arn] = tags
        return {"LocationArn": arn}

    def _describe(self, kind: type[LocationSpec], caller: Caller, params: JsonObject) -> JsonObject:
        location = self._find(kind, caller, params["LocationArn"])
        common = {"LocationArn": location.arn, "LocationUri": location.spec.uri, "CreationTime": location.created}
        return common | location.spec.describe(location.arn)

    def _update(self, kind: type[LocationSpec], caller: Caller, params: JsonObject) -> JsonObject:
        with self.catalogue.lock:
            location = self._find(kind, caller, params["LocationArn"])
            spec = location.spec.update(params)
            self.check(caller, spec)
            self.catalogue.realm(caller).locations[location.arn] = replace(location, spec=spec)
        return {}

    def _find(self, kind: type[LocationSpec], caller: Caller, arn: str) -> Location:
        location = self.catalogue.realm(caller).location(arn)
        if type(location.spec) is not kind:
            found, wanted = location.spec.operation, kind.operation
            raise invalid_request(f"Invalid Location type: {location.id} is of type {found}, not {wanted}.")
        return location


def _attributes(location: Location) -> dict[str, object]:
    return {
        "LocationUri": location.spec.uri,
        "LocationType": location.spec.filter_value,
        "CreationTime": location.created,
    }
