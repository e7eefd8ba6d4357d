"""The tags of resources that have been looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws

_REMEMBERED = 20_000


class TagIndex:
    """The tags of resources that have been looked at: many movers in doubt read each resource's tags once.

    A resource of ours carries its uid from its creation on, so an old answer to "is it mine?" stays true.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._tags: OrderedDict[str, Mapping[str, str]] = OrderedDict()

    async def tags(self, aws: Aws, arn: str) -> Mapping[str, str]:
        """The tags of one resource; {} where it is gone."""
        if arn not in self._tags:
            try:
                self._tags[arn] = await aws.datasync.list_tags(arn)
            except AwsError as error:
                if error.failure.kind is not FailureKind.NOT_FOUND:
                    raise
                return {}
            if len(self._tags) > _REMEMBERED:
                self._tags.popitem(last=False)
        return self._tags[arn]
