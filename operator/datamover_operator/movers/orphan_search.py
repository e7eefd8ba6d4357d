"""Looks for what carries our tags and has no mover any more, and deletes it where the account says so."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping

import structlog

from datamover_common.kube.errors import KubeError
from datamover_crds import DataMoverAccount
from datamover_crds.contract import NONCE_TAG, PART_TAG, RETAINED, UID_TAG, age_of
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Found, Orphans
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import keep_only
from datamover_operator.movers.kind import MOVER, by_role
from datamover_operator.movers.plan.bulk import ANY_REGION, is_assumed_by_datasync, owner_in
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, role_name_in
from datamover_operator.movers.reads import or_none, read_role
from datamover_operator.movers.role_tags import RoleTags

_log = structlog.get_logger(__name__)


class OrphanSearch:
    """Searches one account after another. Tasks and locations come from a bulk reading, roles from IAM's listing.

    Several account objects may be for one AWS account: what is found counts once, and is for the oldest to delete.
    """

    def __init__(self, context: Context, connections: Connections, orphans: Orphans) -> None:
        """Search accounts that are open in `connections`; what is found is kept in `orphans`."""
        self._context = context
        self._connections = connections
        self._orphans = orphans
        self._role_tags: defaultdict[str, RoleTags] = defaultdict(RoleTags)

    async def look(self, name: str, aws: Aws, tagged: Mapping[str, Mapping[str, str]], known: Collection[str]) -> None:
        """Search an account. `tagged` may lag, and has the tags by ARN; movers name what is `known`. Raises AwsError.

        A role goes after the locations of its mover, with which the right to reach their bucket would go.
        """
        account = self._context.caches[ACCOUNT].named("", name)
        if account is None or self._connections.teller_of(account.model).metadata.uid != account.uid:
            self._orphans.found(name, Found())
            return
        found: dict[str, str] = {}
        gone: set[str] = set()
        for arn in sorted(tagged.keys() - known, key=lambda each: ":task/" not in each):  # tasks use the locations
            if self._lost_owner(tagged[arn]) is None:
                continue
            tags = await or_none(aws.datasync.list_tags(arn))
            owner = self._lost_owner(tags or {})
            if tags is None or (owner is not None and await self._is_deleted(name, aws, arn, tags, owner)):
                gone.add(arn)
            elif owner is not None:
                found[arn] = "/".join(owner)
        uids_in_use = {tags[UID_TAG] for arn, tags in tagged.items() if arn not in gone}
        denied = ""
        try:
            found |= await self._lost_roles(account.model, aws, uids_in_use)
        except AwsError as error:
            if error.failure.kind is not FailureKind.DENIED:
                raise
            denied = f"iam:{error.failure.operation}"
        self._orphans.found(name, Found(found, denied))

    def keep_only(self, accounts: Collection[str]) -> None:
        """Only these accounts are searched from now on."""
        keep_only(accounts, self._role_tags)

    async def _lost_roles(self, account: DataMoverAccount, aws: Aws, uids_in_use: Collection[str]) -> dict[str, str]:
        """A role is of no Region. One that may be assumed from any is for the oldest object of the AWS account."""
        movers, name, region = self._context.caches[MOVER], account.metadata.name, account.spec.region
        eldest = min((account, *self._connections.open_for(account.spec.account_id)), key=age_of)
        regions = {region, *([ANY_REGION] if eldest.metadata.uid == account.metadata.uid else [])}
        listed = await aws.iam.list_roles()
        ours = [arn for arn, trust in listed.items() if is_assumed_by_datasync(trust, regions)]
        unused = [arn for arn in ours if not movers.uids(by_role(arn))]
        found: dict[str, str] = {}
        for arn, tags in (await self._role_tags[name].read(aws, unused)).items():
            owner = self._lost_owner(tags)
            if owner is None:
                continue
            is_free = tags[UID_TAG] not in uids_in_use
            if not (is_free and await self._is_deleted(name, aws, arn, tags, owner)):
                found[arn] = "/".join(owner)
        return found

    def _lost_owner(self, tags: Mapping[str, str]) -> tuple[str, str] | None:
        """Namespace and name of the mover, one of ours, that is gone and did not leave this on purpose."""
        owner = owner_in(self._context.cluster_id, tags)
        if owner is None or UID_TAG not in tags or tags.get(PART_TAG) == RETAINED:
            return None
        movers, namespaces = self._context.caches[MOVER], self._context.settings.namespaces
        is_living = movers.get(tags[UID_TAG]) is not None or movers.named(*owner) is not None
        return None if is_living or (namespaces and owner[0] not in namespaces) else owner

    async def _is_deleted(self, name: str, aws: Aws, arn: str, tags: Mapping[str, str], owner: tuple[str, str]) -> bool:
        """Delete an orphan that the operator has made, if the account says so and the API server knows no such mover.

        Returns whether it is gone.
        """
        account = self._context.caches[ACCOUNT].named("", name)
        if account is None or account.model.spec.orphans != "Delete" or NONCE_TAG not in tags:
            return False
        try:
            if await self._context.writer.read(MOVER, *owner) is not None:
                return False
            await or_none(_delete(aws, arn, tags[UID_TAG]))
        except (AwsError, KubeError) as error:
            _log.info("an orphan could not be deleted", arn=arn, owner="/".join(owner), error=str(error))
            return False
        _log.warning("deleted what had lost its owner", arn=arn, owner="/".join(owner))
        return True


async def _delete(aws: Aws, arn: str, uid: str) -> None:
    """Delete a task or location; a role unless another one has been made under its name since its tags were read."""
    if ":task/" in arn:
        return await aws.datasync.delete_task(arn)
    if ":location/" in arn:
        return await aws.datasync.delete_location(arn)
    name = role_name_in(arn)
    role = await read_role(aws, name)
    if role is not None and role.arn == arn and (role.tags or {}).get(UID_TAG) == uid:
        await aws.iam.delete_role(name, ROLE_POLICY_NAME)
    return None
