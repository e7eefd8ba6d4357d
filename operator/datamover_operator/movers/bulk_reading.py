"""Reads what an account holds in pages, and has only those movers looked at for which something has changed.

Locations come from ListLocations, tags from the tagging API. That one lags: what it does not show proves nothing.
"""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from datamover_common.fairness import Urgency
from datamover_common.kube.errors import KubeError
from datamover_common.turns import urgency
from datamover_crds.contract import NONCE_TAG, PART_TAG, RETAINED, UID_TAG
from datamover_operator.accounts.connections import Connections
from datamover_operator.accounts.kind import ACCOUNT
from datamover_operator.accounts.orphans import Orphans
from datamover_operator.aws.failure import AwsError, FailureKind
from datamover_operator.aws.ports import Aws
from datamover_operator.controller.context import Context
from datamover_operator.controller.periodic import run_periodically
from datamover_operator.movers.kind import MOVER, by_account, named_arns
from datamover_operator.movers.memory import Memories
from datamover_operator.movers.plan.bulk import Shown, has_drifted, owner_in, part_of
from datamover_operator.movers.plan.names import ROLE_POLICY_NAME, Identity
from datamover_operator.movers.plan.observed import is_ready
from datamover_operator.movers.reads import location_types, or_none, read_role

_log = structlog.get_logger(__name__)


class BulkReading:
    """Reads without an end."""

    def __init__(self, context: Context, connections: Connections, memories: Memories, orphans: Orphans) -> None:
        """Read every account that is open in `connections`; what nobody owns is kept in `orphans`."""
        self._context = context
        self._connections = connections
        self._memories = memories
        self._orphans = orphans
        self._seen: dict[str, dict[str, int]] = {}

    async def run_forever(self) -> None:
        """Read every `bulk_interval_seconds`."""
        urgency.set(Urgency.CHECK)
        interval = self._context.settings.bulk_interval_seconds
        await run_periodically(interval, lambda: self._connections.open_accounts, self._read)

    async def _read(self, name: str) -> None:
        aws, caches = self._connections.aws_for(name), self._context.caches
        if aws is None:
            return
        # What is made while the listing is under way may be missing in it.
        known = {
            arn: entry.uid
            for entry in caches[MOVER].entries(by_account(name))
            for what in ("task", "location")
            for arn in named_arns(entry.digest, what)
        }
        try:
            tagged = await aws.tagging.find_all(UID_TAG)
            uris = {str(each["locationArn"]): str(each["locationUri"]) for each in await aws.datasync.list_locations()}
            await self._find_orphans(name, aws, {arn: tags for arn, tags in tagged.items() if arn not in known})
        except AwsError as error:
            _log.info("an account could not be read in bulk", account=name, error=str(error))
            return
        self._compare(name, known, tagged, uris)

    def _compare(
        self, name: str, known: Mapping[str, str], tagged: Mapping[str, Mapping[str, str]], uris: Mapping[str, str]
    ) -> None:
        before, after = self._seen.get(name, {}), dict[str, int]()
        for arn, uid in known.items():
            if ":location/" in arn and arn not in uris:
                self._look(uid)
                continue
            shown = Shown(tagged.get(arn), uris.get(arn))
            after[arn] = shown.fingerprint
            if before.get(arn) != after[arn]:
                self._look_if_drifted(uid, arn, shown)
        for arn, tags in tagged.items():
            if arn not in known and arn not in before:
                self._look_at_stray(tags[UID_TAG], arn)
                after[arn] = 0
        self._seen[name] = after

    def _look_if_drifted(self, uid: str, arn: str, shown: Shown) -> None:
        entry = self._context.caches[MOVER].get(uid)
        if entry is None:
            return
        identity = Identity(uid, self._context.cluster_id, entry.namespace, entry.name)
        if is_ready(entry.model) and has_drifted(entry.model, identity, arn, shown):
            self._look(uid)

    def _look_at_stray(self, uid: str, arn: str) -> None:
        """Something carries a living mover's uid that its status does not name."""
        entry = self._context.caches[MOVER].get(uid)
        if entry is not None and is_ready(entry.model) and part_of(entry.model, arn) is None:
            self._look(uid)

    def _look(self, uid: str) -> None:
        self._memories.of(uid).everything.request()
        self._context.queue.add((MOVER, uid))

    async def _find_orphans(self, name: str, aws: Aws, unknown: Mapping[str, Mapping[str, str]]) -> None:
        """Keep what carries our tags and has no living owner. A lagging answer is held against DataSync's own."""
        found: dict[str, str] = {}
        roles: dict[str, set[str]] = {}
        for arn, tags in sorted(unknown.items(), key=lambda each: ":task/" not in each[0]):  # locations are in use
            owner = owner_in(self._context.cluster_id, tags)
            if owner is None or not self._is_ours(owner[0]) or self._is_living(tags[UID_TAG], owner):
                continue
            now = await _tags_now(aws, arn)
            is_same = now is not None and now.get(UID_TAG) == tags[UID_TAG] and now.get(PART_TAG) != RETAINED
            if not is_same or self._is_living(tags[UID_TAG], owner):
                continue
            is_to_go = NONCE_TAG in tags and self._may_delete(name)
            role = await _role_of(aws, arn) if is_to_go and ":location/" in arn else None
            if not (is_to_go and await self._delete(aws, arn, owner)):
                found[arn] = "/".join(owner)
            elif role is not None:
                roles.setdefault(tags[UID_TAG], set()).add(role)
        self._orphans.found(name, found)
        for uid in roles.keys() - {unknown[arn][UID_TAG] for arn in found}:
            for role in roles[uid]:
                await self._delete_role(aws, role, uid)

    def _may_delete(self, name: str) -> bool:
        account = self._context.caches[ACCOUNT].named("", name)
        return account is not None and account.model.spec.orphans == "Delete"

    async def _delete(self, aws: Aws, arn: str, owner: tuple[str, str]) -> bool:
        """Delete an orphan if the API server, too, knows no such mover; return whether it is gone."""
        try:
            if await self._context.writer.read(MOVER, *owner) is not None:
                return False
            await (aws.datasync.delete_task(arn) if ":task/" in arn else aws.datasync.delete_location(arn))
        except (AwsError, KubeError) as error:
            _log.info("an orphan could not be deleted", arn=arn, owner="/".join(owner), error=str(error))
            return False
        _log.warning("deleted what had lost its owner", arn=arn, owner="/".join(owner))
        return True

    async def _delete_role(self, aws: Aws, arn: str, uid: str) -> None:
        """Delete the role of locations that are gone, if it was made with them and no mover's location uses it."""
        role = await read_role(aws, arn.rsplit("/", 1)[-1])
        is_made_with_them = role is not None and role.arn == arn and (role.tags or {}).get(UID_TAG) == uid
        if not is_made_with_them or any(self._context.caches[MOVER].under(("role", arn))):
            return
        try:
            await aws.iam.delete_role(arn.rsplit("/", 1)[-1], ROLE_POLICY_NAME)
        except AwsError as error:
            _log.warning("the role of an orphan could not be deleted", arn=arn, error=str(error))
            return
        _log.warning("deleted the role of what had lost its owner", arn=arn)

    def _is_ours(self, namespace: str) -> bool:
        return namespace in self._context.settings.namespaces or not self._context.settings.namespaces

    def _is_living(self, uid: str, owner: tuple[str, str]) -> bool:
        movers = self._context.caches[MOVER]
        return movers.get(uid) is not None or movers.named(*owner) is not None


async def _role_of(aws: Aws, location: str) -> str | None:
    """The role that a location is reached by. Raises AwsError."""
    kind = (await location_types(aws)).get(location)
    described = await or_none(aws.datasync.describe_location(kind.type_name(), location)) if kind is not None else None
    return kind.role_in(described) if kind is not None and described is not None else None


async def _tags_now(aws: Aws, arn: str) -> dict[str, str] | None:
    try:
        return await aws.datasync.list_tags(arn)
    except AwsError as error:
        if error.failure.kind is FailureKind.NOT_FOUND:
            return None
        raise
