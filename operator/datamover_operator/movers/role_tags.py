"""The tags of an account's roles, which no listing shows: a few roles are read each time."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from datamover_operator.aws.ports import Aws
from datamover_operator.movers.plan.names import is_generated_role_name, role_name_in
from datamover_operator.movers.reads import read_role

READ_AT_ONCE = 25


class RoleTags:
    """What was read last of the roles of one account."""

    def __init__(self) -> None:
        """Nothing has been read."""
        self._tags: dict[str, Mapping[str, str]] = {}

    async def read(self, aws: Aws, arns: Collection[str]) -> Mapping[str, Mapping[str, str]]:
        """Read at most READ_AT_ONCE of these roles: new ones, first those with names of ours, then the oldest readings.

        Returns the tags of those that have been read by now and still exist. Raises AwsError.
        """
        self._tags = {arn: tags for arn, tags in self._tags.items() if arn in arns}
        unread = sorted(arns - self._tags.keys(), key=lambda arn: (not is_generated_role_name(role_name_in(arn)), arn))
        for arn in (*unread, *self._tags)[:READ_AT_ONCE]:
            role = await read_role(aws, role_name_in(arn))
            self._tags.pop(arn, None)
            if role is not None and role.arn == arn:
                self._tags[arn] = role.tags or {}
        return self._tags
