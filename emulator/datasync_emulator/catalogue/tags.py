"""Tags on agents, locations, tasks and executions."""

from __future__ import annotations

from dataclasses import dataclass

from datasync_emulator.catalogue.paging import page
from datasync_emulator.catalogue.store import Catalogue, Realm
from datasync_emulator.errors import invalid_request
from datasync_emulator.messages import Caller, JsonObject
from datasync_emulator.protocol.service import Handler

MAX_TAGS = 50


def tag_map(entries: list[JsonObject]) -> dict[str, str]:
    """Turn a Tags list into a mapping; a key's last value counts, a missing value is empty.

    Raises:
        ApiError: InvalidRequestException for a key that AWS keeps to itself.
    """
    tags = {entry["Key"]: entry.get("Value") or "" for entry in entries}
    for key in tags:
        if key.lower().startswith("aws:"):
            raise invalid_request(f"Tag key '{key}' is not allowed: keys that begin with aws: are reserved.")
    return tags


@dataclass(frozen=True)
class Tags:
    """The operations on tags."""

    catalogue: Catalogue

    def handlers(self) -> dict[str, Handler]:
        """Give the handler of every operation on tags, by the operation's name."""
        return {"TagResource": self.tag, "UntagResource": self.untag, "ListTagsForResource": self.list_all}

    def tag(self, caller: Caller, params: JsonObject) -> JsonObject:
        """TagResource."""
        with self.catalogue.lock:
            tags = _tags_of(self.catalogue.realm(caller), params["ResourceArn"])
            merged = tags | tag_map(params["Tags"])
            if len(merged) > MAX_TAGS:
                raise invalid_request(f"{len(merged)} tags would be on the resource: at most {MAX_TAGS} are allowed.")
            tags.update(merged)
        return {}

    def untag(self, caller: Caller, params: JsonObject) -> JsonObject:
        """UntagResource; keys that are not there are no error."""
        with self.catalogue.lock:
            tags = _tags_of(self.catalogue.realm(caller), params["ResourceArn"])
            for key in params["Keys"]:
                tags.pop(key, None)
        return {}

    def list_all(self, caller: Caller, params: JsonObject) -> JsonObject:
        """ListTagsForResource, in the order of the keys."""
        with self.catalogue.lock:
            tags = sorted(_tags_of(self.catalogue.realm(caller), params["ResourceArn"]).items())
        numbered = list(enumerate(tags, start=1))
        shown, token = page(numbered, lambda entry: entry[0], params)
        return {"Tags": [{"Key": key, "Value": value} for _, (key, value) in shown], "NextToken": token}


def _tags_of(realm: Realm, arn: str) -> dict[str, str]:
    tags = realm.tags.get(arn)
    if tags is None:
        raise invalid_request(f"Resource {arn.rpartition('/')[2]} is not found.")
    return tags
