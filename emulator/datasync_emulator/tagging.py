"""The Resource Groups Tagging API over DataSync's resources."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.store import Catalogue, Realm
from datasync_emulator.catalogue.tags import Tags
from datasync_emulator.errors import ApiError
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler

_MAX_PAGE = 100
_DEFAULT_PAGE = 50
_TEXTS_PAGE = 1000


@dataclass(frozen=True, slots=True)
class _Resource:
    arn: str
    kind: str
    serial: int
    created: datetime
    tags: dict[str, str]


@dataclass(frozen=True)
class Tagging:
    """Reads and changes tags; a resource without tags is not shown, as with AWS."""

    catalogue: Catalogue

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of each operation, by its name."""
        return {
            "GetResources": self.get_resources,
            "GetTagKeys": self.get_tag_keys,
            "GetTagValues": self.get_tag_values,
            "TagResources": self.tag_resources,
            "UntagResources": self.untag_resources,
        }

    def get_resources(self, caller: Caller, params: JsonObject) -> JsonObject:
        """GetResources: TagFilters (all must match, each by any of its values), types, ARNs, pages."""
        _check(params)
        with self.catalogue.lock:
            found = [
                resource
                for resource in _resources(self.catalogue.realm(caller))
                if caller.sees(resource.created) and _matches(resource, params)
            ]
        found.sort(key=lambda resource: resource.serial)
        asked: JsonObject = {"MaxResults": params.get("ResourcesPerPage", _DEFAULT_PAGE)}
        if params.get("PaginationToken"):
            asked["NextToken"] = params["PaginationToken"]
        shown, token = page(found, lambda resource: resource.serial, asked)
        return {"ResourceTagMappingList": [_mapping(resource) for resource in shown], "PaginationToken": token or ""}

    def get_tag_keys(self, caller: Caller, params: JsonObject) -> JsonObject:
        """GetTagKeys: every key in use."""
        keys = {key for resource in self._all(caller) for key in resource.tags}
        shown, token = _page_of_texts(keys, params)
        return {"TagKeys": shown, "PaginationToken": token}

    def get_tag_values(self, caller: Caller, params: JsonObject) -> JsonObject:
        """GetTagValues: every value that a key has."""
        values = {resource.tags[params["Key"]] for resource in self._all(caller) if params["Key"] in resource.tags}
        shown, token = _page_of_texts(values, params)
        return {"TagValues": shown, "PaginationToken": token}

    def tag_resources(self, caller: Caller, params: JsonObject) -> JsonObject:
        """TagResources: what fails is listed, the rest is tagged."""
        tags, added = Tags(self.catalogue), [{"Key": key, "Value": value} for key, value in params["Tags"].items()]
        return self._for_each(params, lambda arn: tags.tag(caller, {"ResourceArn": arn, "Tags": added}))

    def untag_resources(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UntagResources: what fails is listed, the rest is untagged."""
        keys = params["TagKeys"]
        return self._for_each(
            params, lambda arn: Tags(self.catalogue).untag(caller, {"ResourceArn": arn, "Keys": keys})
        )

    def _for_each(self, params: JsonObject, change: Callable[[str], object]) -> JsonObject:
        failed: JsonObject = {}
        for arn in params["ResourceARNList"]:
            try:
                change(arn)
            except ApiError as error:
                failed[arn] = {
                    "StatusCode": 400,
                    "ErrorCode": "InvalidParameterException",
                    "ErrorMessage": error.message,
                }
        return {"FailedResourcesMap": failed}

    def _all(self, caller: Caller) -> list[_Resource]:
        with self.catalogue.lock:
            return list(_resources(self.catalogue.realm(caller)))


def _page_of_texts(texts: set[str], params: JsonObject) -> tuple[list[str], str]:
    asked: JsonObject = {"MaxResults": _TEXTS_PAGE}
    if params.get("PaginationToken"):
        asked["NextToken"] = params["PaginationToken"]
    shown, token = page(list(enumerate(sorted(texts), start=1)), lambda numbered: numbered[0], asked)
    return [text for _, text in shown], token or ""


def _resources(realm: Realm) -> Iterator[_Resource]:
    for agent in realm.agents.values():
        yield _Resource(agent.arn, "agent", agent.serial, agent.created, realm.tags[agent.arn])
    for location in realm.locations.values():
        yield _Resource(location.arn, "location", location.serial, location.created, realm.tags[location.arn])
    for task in realm.tasks.values():
        yield _Resource(task.arn, "task", task.serial, task.created, realm.tags[task.arn])


def _matches(resource: _Resource, params: JsonObject) -> bool:
    types, arns = params.get("ResourceTypeFilters"), params.get("ResourceARNList")
    return (
        bool(resource.tags)
        and (not types or bool({"datasync", f"datasync:{resource.kind}"} & set(types)))
        and (not arns or resource.arn in arns)
        and _has_tags(resource.tags, params.get("TagFilters", []))
    )


def _has_tags(tags: dict[str, str], filters: Iterable[JsonObject]) -> bool:
    return all(
        rule["Key"] in tags and (not rule.get("Values") or tags[rule["Key"]] in rule["Values"]) for rule in filters
    )


def _mapping(resource: _Resource) -> JsonObject:
    return {
        "ResourceARN": resource.arn,
        "Tags": [{"Key": key, "Value": value} for key, value in sorted(resource.tags.items())],
    }


def _check(params: JsonObject) -> None:
    size = params.get("ResourcesPerPage", _DEFAULT_PAGE)
    if not 1 <= size <= _MAX_PAGE:
        raise _invalid(f"ResourcesPerPage is {size}; it must be from 1 to {_MAX_PAGE}.")
    if params.get("ResourceARNList") and (params.get("TagFilters") or params.get("ResourceTypeFilters")):
        raise _invalid("ResourceARNList can't be used with TagFilters or ResourceTypeFilters.")
    for rule in params.get("TagFilters", []):
        if not rule.get("Key"):
            raise _invalid("TagFilters: every filter needs a Key.")


def _invalid(message: str) -> ApiError:
    return ApiError("InvalidParameterException", message)
