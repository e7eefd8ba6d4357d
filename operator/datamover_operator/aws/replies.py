"""Reading botocore's untyped replies; whole listings page by page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from datamover_operator.aws.errors import lost
from datamover_operator.aws.failure import AwsError

if TYPE_CHECKING:
    from datamover_operator.aws.calls import Channel, Reply
    from datamover_operator.aws.clients import Service

_MOST_PAGES: Final = 1000
"""With 100 items a page far more than any quota allows; more means that a listing loops."""


def text_of(reply: Mapping[str, object], member: str, operation: str) -> str:
    """Return a member that must be there.

    Raises:
        AwsError: it is not (a reply cut short): for a creating call the outcome is unknown.
    """
    value = reply.get(member)
    if isinstance(value, str) and value:
        return value
    raise AwsError(lost(operation, sent=True, code="MalformedReply", message=f"the reply has no {member}"))


def structure_of(reply: Mapping[str, object], member: str, operation: str) -> Mapping[str, object]:
    """Return a structure that must be there; raises as `text_of` does."""
    value = reply.get(member)
    if isinstance(value, Mapping):
        return value
    raise AwsError(lost(operation, sent=True, code="MalformedReply", message=f"the reply has no {member}"))


def items_of(reply: Mapping[str, object], member: str) -> list[Mapping[str, object]]:
    """Return a list of structures; an absent one is empty, as AWS leaves empty lists out."""
    value = reply.get(member)
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def tags_of(reply: Mapping[str, object], member: str) -> dict[str, str]:
    """Return a list of {Key, Value} as a mapping."""
    return {str(tag.get("Key", "")): str(tag.get("Value", "")) for tag in items_of(reply, member)}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return a mapping as the list of {Key, Value} that requests hold."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


async def every_page(
    channel: Channel, service: Service, operation: str, request: Mapping[str, object], token: str
) -> list[Reply]:
    """Return all pages of a listing; `token` names the member that leads from one to the next, both ways.

    Raises:
        AwsError: a page failed, or the listing does not end.
    """
    pages = [await channel.call(service, operation, request)]
    while following := pages[-1].get(token):
        if len(pages) == _MOST_PAGES:
            message = f"the listing did not end within {_MOST_PAGES} pages"
            raise AwsError(lost(operation, sent=True, code="EndlessListing", message=message))
        pages.append(await channel.call(service, operation, {**request, token: following}))
    return pages
